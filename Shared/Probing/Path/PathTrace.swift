public import Contracts
public import EventLoop

/// What a trace found.
public struct PathTrace: Equatable, Sendable {
    public enum Ending: Equatable, Sendable {
        case reached
        /// A router said that there is no way on; the ICMP message's type and code.
        case refused(type: UInt8, code: UInt8)
        /// Nothing came any more.
        case silent
    }

    /// All that was sent with one hop limit.
    public struct Hop: Equatable, Sendable {
        public static let maximumAddresses = 16

        /// From 1.
        public var number: Int
        /// Who answered, in the order of the flows; empty when nobody did.
        public var addresses: [IPAddress] = []
        public var sent = 0
        public var received = 0
        /// Milliseconds of round trips; `nil` when nothing came.
        public var times: RoundTripTimes?
        /// Of the last ICMP error; `nil` when the answers were none, as echo replies are not.
        public var notice: Notice?

        public struct Notice: Equatable, Sendable {
            public var type: UInt8
            public var code: UInt8
        }

        public var lossPercent: Double { sent == 0 ? 0 : Double(sent - received) * 100 / Double(sent) }
    }

    /// The way of one flow.
    public struct Flow: Equatable, Sendable {
        /// Who answered at each hop, the target last when it was reached; `nil` where nobody did.
        public var path: [IPAddress?]
        /// Hops, from 1, at which more than one address answered the same flow.
        public var unsteadyHops: Set<Int> = []
        public var ending: Ending
        /// Its own ports were taken, by another trace of the same target perhaps: others may lead another way.
        public var hasOtherPorts = false
    }

    public var target: IPAddress
    public var mode: TraceMode
    public var hops: [Hop]
    public var flows: [Flow]
    /// Packets, also those that went further than the target.
    public var sent: Int
    /// The least exact one of the times; `nil` when nothing came back.
    public var timeSource: TimeSource?

    public var isReached: Bool { flows.contains { $0.ending == .reached } }
    /// Hops to the target along the longest way that leads there; 0 when none does.
    public var hopsToTarget: Int { flows.filter { $0.ending == .reached }.map(\.path.count).max() ?? 0 }
}

/// What has come of the packets of one flow to one hop.
struct TraceCell: Sendable {
    /// Addresses that are kept besides the first.
    private static let maximumOthers = 3

    var sent = 0
    private(set) var address: IPAddress?
    private(set) var others: [IPAddress] = []
    private(set) var refuser: IPAddress?
    private(set) var notice: PathTrace.Hop.Notice?
    private(set) var isTarget = false
    private(set) var roundTrips = RoundTripSum()

    var received: Int { roundTrips.count }

    mutating func take(_ answer: TraceAnswer) {
        roundTrips.add(answer.roundTripNanoseconds)
        if answer.type != 0 { notice = .init(type: answer.type, code: answer.code) }
        if answer.meaning == .target { isTarget = true }
        // Who says that there is no way on may stand at an earlier hop.
        guard answer.meaning != .refusal else {
            refuser = answer.sender
            return
        }
        guard let address else {
            self.address = answer.sender
            return
        }
        guard address != answer.sender, !others.contains(answer.sender), others.count < Self.maximumOthers else {
            return
        }
        others.append(answer.sender)
    }
}

extension PathTrace.Flow {
    init(cells: ArraySlice<TraceCell>, ending: PathTrace.Ending, target: IPAddress) {
        path = cells.map { $0.isTarget ? target : $0.address }
        unsteadyHops = Set(cells.enumerated().filter { !$0.element.others.isEmpty }.map { $0.offset + 1 })
        self.ending = ending
    }
}

extension PathTrace.Hop {
    init(number: Int, cells: [TraceCell]) {
        self.number = number
        for address in cells.flatMap({ [$0.address, $0.refuser].compactMap(\.self) + $0.others })
        where !addresses.contains(address) && addresses.count < Self.maximumAddresses {
            addresses.append(address)
        }
        sent = cells.reduce(0) { $0 + $1.sent }
        received = cells.reduce(0) { $0 + $1.received }
        let answered = cells.filter { $0.received > 0 }
        notice = answered.last { $0.notice != nil }?.notice
        times = answered.reduce(into: RoundTripSum()) { $0.add($1.roundTrips) }.times
    }
}
