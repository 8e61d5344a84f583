import Contracts
import Glibc

/// Chooses the agents that run a check; pure, so that the same agents give the same choice.
///
/// Where some of many are wanted, weighted rendezvous hashing picks them: every agent has a score for every check, and
/// the highest win. An agent that goes gives its checks to the next ones and moves no others; one that comes takes its
/// share and no more (D. Thaler and C. Ravishankar, 1998; weights after Schindelhauer and Schomaker, 2005).
struct Placement: Sendable {
    struct Candidate: Sendable {
        var id: AgentID
        var labels: [String: String]
        var capabilities: Set<CheckType>
        var mode: Agent.Mode
        var weight: Int
        /// Whether it was heard of lately.
        var isOnline: Bool
        fileprivate let hash: UInt64

        init(
            id: AgentID,
            labels: [String: String] = [:],
            capabilities: Set<CheckType> = Set(CheckType.allCases),
            mode: Agent.Mode = .active,
            weight: Int = 1,
            isOnline: Bool = true
        ) {
            self.id = id
            self.labels = labels
            self.capabilities = capabilities
            self.mode = mode
            self.weight = weight
            self.isOnline = isOnline
            hash = Placement.hash(id.rawValue)
        }
    }

    private let candidates: [Candidate]

    init(_ candidates: [Candidate]) {
        self.candidates = candidates
    }

    /// The agents that can run a type of check, and may.
    func able(of type: CheckType) -> Self {
        Self(candidates.filter { $0.mode != .stopped && $0.capabilities.contains(type) })
    }

    /// All of these agents.
    var all: [AgentID] { candidates.map(\.id) }

    /// The agents that run a check, best first where they are chosen.
    ///
    /// Agents that are drained or offline are chosen only when there are no others.
    func agents(for check: CheckID, _ selector: AgentSelector) -> [AgentID] {
        let fitting = candidates.filter { selector.matches($0.labels) }
        guard let count = selector.count else { return fitting.map(\.id) }
        let able = fitting.filter { $0.isOnline && $0.mode == .active }
        let own = Self.hash(check.rawValue)
        let scored = (able.isEmpty ? fitting : able).map { ($0.id, Self.score($0, own)) }
        return scored.sorted { ($0.1, $0.0.rawValue) > ($1.1, $1.0.rawValue) }.prefix(count).map(\.0)
    }

    private static func score(_ candidate: Candidate, _ check: UInt64) -> Double {
        // From 0 to 1, without either.
        let unit = (Double(mix(candidate.hash ^ check) >> 11) + 0.5) / Double(1 << 53)
        return -Double(candidate.weight) / log(unit)
    }

    /// What one has for another, whatever the weights: that of `b` for `a` is another one.
    static func score(of a: UInt64, for b: UInt64) -> UInt64 { mix(a &+ mix(b)) }

    /// FNV-1a, mixed.
    static func hash(_ text: String) -> UInt64 {
        mix(text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }

    /// The finalizer of SplitMix64, so that every bit depends on every other.
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
