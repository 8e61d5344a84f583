/// A UDP socket of a vantage point's for one peer, in the network's own time.
public final class SimulatedSocket {
    public enum Arrival: Equatable, Sendable {
        case datagram([UInt8])
        /// What a router or the peer says of a datagram.
        case notice(SimulatedVantage.Outcome.Notice)
    }

    /// `nil`: the vantage has no address that could speak to the peer's.
    let flow: TCPFlow?
    private unowned let vantage: SimulatedVantage
    private let mayBeFragmented: Bool
    private(set) var hear: (Arrival) -> Void

    init(
        _ flow: TCPFlow?,
        of vantage: SimulatedVantage,
        _ mayBeFragmented: Bool,
        _ hear: @escaping (Arrival) -> Void
    ) {
        self.flow = flow
        self.vantage = vantage
        self.mayBeFragmented = mayBeFragmented
        self.hear = hear
    }

    public func send(_ data: [UInt8]) {
        guard let flow else { return }
        let packet = IPPacket.datagram(
            from: flow.local,
            flow.localPort,
            to: flow.remote,
            flow.remotePort,
            data,
            mayBeFragmented: mayBeFragmented
        )
        vantage.send(packet)
    }

    /// Nothing more is told.
    public func close() {
        hear = { _ in }
        if let flow { vantage.forget(socket: flow.localPort) }
    }
}
