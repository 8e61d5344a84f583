public import EventLoop
import Statistics

/// What became of the packets of each flow of a truth, all taken together.
public struct TruthSummary: Sendable {
    /// Packets of one protocol from one address to another.
    public struct Flow: Sendable {
        public let source: IPAddress
        public let destination: IPAddress
        public let protocolNumber: UInt8
        /// Packets that were sent; the copies that links made are counted by themselves, and nowhere else.
        public private(set) var sent = 0
        public private(set) var copies = 0
        public private(set) var outcomes: [PacketFate.Outcome: Int] = [:]
        /// The ways that were taken by what was delivered.
        public private(set) var paths: Set<[String]> = []
        /// Nanoseconds that the delivered packets were under way.
        private var delays = QuantileSketch()

        fileprivate init(_ fate: PacketFate) {
            source = fate.source
            destination = fate.destination
            protocolNumber = fate.protocolNumber
        }

        fileprivate mutating func add(_ fate: PacketFate) {
            guard !fate.isCopy else {
                copies += 1
                return
            }
            sent += 1
            outcomes[fate.outcome, default: 0] += 1
            guard fate.outcome == .delivered else { return }
            delays.add(Double(fate.endedAt - fate.sentAt))
            paths.insert(fate.path)
        }

        /// The delay that a share of what was delivered does not exceed, to a hundredth of it, and exactly for the least
        /// and the greatest; `nil` when nothing was.
        public func delay(_ share: Double) -> Duration? {
            delays.quantile(share).map { .nanoseconds(Int64($0.rounded())) }
        }
    }

    private struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var protocolNumber: UInt8
    }

    /// In the order of their first packet's end.
    public private(set) var flows: [Flow] = []
    private var indices: [Key: Int] = [:]

    public init() {}

    public mutating func add(_ fate: PacketFate) {
        let key = Key(source: fate.source, destination: fate.destination, protocolNumber: fate.protocolNumber)
        let index = indices[key] ?? flows.count
        if index == flows.count {
            flows.append(Flow(fate))
            indices[key] = index
        }
        flows[index].add(fate)
    }
}
