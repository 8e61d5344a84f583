import Contracts

/// What checks ask agents to send, in millionths of a probe a second, so that what is added and taken away again
/// leaves nothing behind.
struct ProbeLoad: Equatable, Sendable {
    static let unit = 1_000_000

    /// What each agent of a selector sends; the selector as JSON, empty for all agents.
    private(set) var rates: [String: Int] = [:]

    init(rates: [String: Int] = [:]) {
        self.rates = rates.filter { $0.value != 0 }
    }

    static func - (left: Self, right: Self) -> Self {
        Self(rates: left.rates.merging(right.rates.mapValues(-)) { $0 + $1 })
    }
}

extension ProbeLoad {
    /// The agents that there are, as far as admission asks: their labels.
    struct Fleet: Sendable {
        let labels: [[String: String]]

        /// Where there is no agent yet, what is asked for is asked of one that may come.
        init(_ labels: [[String: String]]) {
            self.labels = labels.isEmpty ? [[:]] : labels
        }
    }

    /// What all agents together send.
    func total(of fleet: Fleet, _ selectors: [String: AgentSelector]) -> Int {
        rates.reduce(0) { sum, rate in
            let selector = selectors[rate.key] ?? AgentSelector()
            let fitting = fleet.labels.count { selector.matches($0) }
            return sum + rate.value * max(1, min(selector.count ?? fitting, fitting))
        }
    }

    /// What the agent sends that has most to do; where some of many are chosen, each has its share.
    func most(of fleet: Fleet, _ selectors: [String: AgentSelector]) -> Int {
        var loads = fleet.labels.map { _ in 0 }
        for (key, rate) in rates {
            let selector = selectors[key] ?? AgentSelector()
            let fitting = fleet.labels.indices.filter { selector.matches(fleet.labels[$0]) }
            let count = min(selector.count ?? fitting.count, fitting.count)
            for agent in fitting { loads[agent] += rate * count / fitting.count }
        }
        return loads.max() ?? 0
    }
}

extension Check {
    /// What one agent sends for it, in millionths of a probe a second: a probe is a packet, or a request.
    ///
    /// How many addresses a name has is not known here, so `all` of them count as one.
    var rate: Int {
        let packets = options.packets ?? 1
        let addresses = options.endpoints == .both ? 2 : 1
        let probes =
            switch type {
            case .trace: packets * (options.flows ?? 1) * (options.hops ?? 30)
            // Nothing leaves the agent.
            case .host: 0
            default: packets * addresses
            }
        return (probes * 1_000 * ProbeLoad.unit + intervalMilliseconds - 1) / intervalMilliseconds
    }
}
