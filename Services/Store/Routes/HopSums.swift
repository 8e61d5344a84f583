import Contracts
import Statistics

/// What the traces of one agent amount to, hop by hop and step by step.
struct HopSums {
    /// What packets to one hop amount to in one step.
    private struct Sum {
        var sent = 0
        var received = 0
        /// Milliseconds.
        var minimum = Double.infinity
        var maximum = -Double.infinity
        /// Of all that were received.
        var total = 0.0
    }

    private struct Hop {
        var sums: [Sum]
        var addresses: [String: Int] = [:]
        var last: (timestamp: Int64, milliseconds: Double)?

        /// Whoever imports rows writes their metadata, so any number may stand there.
        mutating func add(_ columns: TraceColumns, _ index: Int, step: Int, at timestamp: Int64) {
            for address in columns.addresses.at(index) ?? [] { addresses[address, default: 0] += 1 }
            let sent = columns.sent[index].clamped
            sums[step].sent += sent
            let received = min(columns.received.at(index)?.clamped ?? 0, sent)
            guard received > 0, let mean = columns.mean.latency(index) else { return }
            sums[step].received += received
            sums[step].total += mean * Double(received)
            sums[step].minimum = min(sums[step].minimum, columns.minimum.latency(index) ?? mean)
            sums[step].maximum = max(sums[step].maximum, columns.maximum.latency(index) ?? mean)
            if last.map({ $0.timestamp <= timestamp }) ?? true {
                last = (timestamp, columns.last.latency(index) ?? mean)
            }
        }
    }

    private static let maximumHops = 255
    private static let maximumAddresses = 8

    private let steps: Steps
    private(set) var traces = 0
    private var hops: [Hop] = []

    init(_ steps: Steps) { self.steps = steps }

    /// Adds a trace from its metadata; what has no hops, as a trace that could not be sent, counts nothing.
    mutating func add(_ metadata: ArraySlice<UInt8>, at timestamp: Int64) {
        guard let columns = try? TraceColumns(metadata: metadata) else { return }
        traces += 1
        let step = steps.index(of: timestamp)
        for index in 0..<min(columns.sent.count, Self.maximumHops) {
            if index == hops.count { hops.append(Hop(sums: Array(repeating: Sum(), count: steps.count))) }
            hops[index].add(columns, index, step: step, at: timestamp)
        }
    }

    var series: [HopSeries.Hop] {
        hops.enumerated().map { index, hop in
            let addresses = hop.addresses.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            var series = HopSeries.Hop(
                number: index + 1,
                addresses: addresses.prefix(Self.maximumAddresses).map(\.key)
            )
            series.sent = hop.sums.map(\.sent)
            series.received = hop.sums.map(\.received)
            series.minimum = hop.sums.map { $0.received > 0 ? $0.minimum : nil }
            series.mean = hop.sums.map { $0.received > 0 ? $0.total / Double($0.received) : nil }
            series.maximum = hop.sums.map { $0.received > 0 ? $0.maximum : nil }
            series.last = hop.last?.milliseconds
            return series
        }
    }
}

extension Array {
    fileprivate func at(_ index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}

extension [Double?] {
    /// Milliseconds; no packet is under way for a day.
    fileprivate func latency(_ index: Int) -> Double? {
        guard let latency = at(index) ?? nil, (0...86_400_000).contains(latency) else { return nil }
        return latency
    }
}

extension Int {
    /// No trace has more packets to a hop.
    fileprivate var clamped: Int { Swift.min(Swift.max(self, 0), 1 << 20) }
}
