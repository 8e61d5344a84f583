import EventLoop

/// A TCP connection of a vantage point's, in the network's own time.
///
/// The vantage keeps it until both ends are done with it. Whoever opened it is told of nothing more once it has failed,
/// or has been closed or reset.
public final class SimulatedConnection {
    public enum Event: Equatable, Sendable {
        case connected
        case received([UInt8])
        /// The peer sends no more.
        case ended
        /// It is over.
        case failed(Failure)
    }

    public enum Failure: Equatable, Sendable {
        case refused
        /// A router knows no way, or the vantage has no address of the family.
        case unreachable
        case reset
        case timeout
    }

    /// Bytes of the headers of IPv4 and TCP, and of IPv6 and TCP.
    private static let headerBytes = (v4: 40, v6: 60)

    let flow: TCPFlow
    private unowned let vantage: SimulatedVantage
    private var connection: TCPConnection
    private var hear: ((Event) -> Void)?
    /// When it will be looked after.
    private var wakesAt: UInt64?
    /// The vantage keeps it no more.
    private var isGone = false

    init(_ flow: TCPFlow, of vantage: SimulatedVantage, number: UInt32, _ hear: @escaping (Event) -> Void) {
        self.flow = flow
        self.vantage = vantage
        self.hear = hear
        let headerBytes = flow.remote.isV4 ? Self.headerBytes.v4 : Self.headerBytes.v6
        connection = TCPConnection(
            initial: number,
            taking: vantage.linkSize - headerBytes,
            now: vantage.network.now
        )
    }

    func start(_ timeout: Duration, hasSource: Bool) {
        // Whoever opens it does not have it yet.
        guard hasSource else { return vantage.network.schedule(at: 0) { [self] in fail(.unreachable) } }
        vantage.network.schedule(at: vantage.network.now + timeout.nanoseconds) { [weak self] in
            guard let self, hear != nil else { return }
            abort()
            fail(.timeout)
        }
        transmit([connection.opening])
    }

    /// Sends bytes, as soon as there is a connection.
    public func send(_ bytes: [UInt8]) {
        connection.send(bytes)
        flush()
    }

    /// Says that nothing follows what was sent.
    public func close() {
        hear = nil
        guard connection.isEstablished else { return forget() }
        connection.end()
        flush()
    }

    /// Ends it by force.
    public func reset() {
        hear = nil
        abort()
    }

    // MARK: The network

    func take(_ segment: TCPSegment) {
        let (wasEstablished, hadEnded) = (connection.isEstablished, connection.hasPeerEnded)
        transmit(connection.receive(segment, now: vantage.network.now))
        guard !connection.isReset else { return fail(wasEstablished ? .reset : .refused) }
        let input = connection.input
        connection.input = []
        if !wasEstablished, connection.isEstablished { hear?(.connected) }
        if !input.isEmpty { hear?(.received(input)) }
        if !hadEnded, connection.hasPeerEnded { hear?(.ended) }
        flush()
    }

    /// A notice ends only what has not been accepted: anyone could send one later (RFC 5927, section 4).
    func take(_ ending: SimulatedVantage.Outcome.Ending) {
        guard !connection.isEstablished, ending != .packetTooBig else { return }
        fail(ending == .refused ? .refused : .unreachable)
    }

    private func wake() {
        wakesAt = nil
        guard !isGone, !connection.isOver else { return }
        guard connection.wakeAt <= vantage.network.now else { return rest() }
        let segments = connection.wake(now: vantage.network.now)
        guard !connection.isOver else { return fail(.timeout) }
        transmit(segments)
    }

    private func flush() {
        transmit(connection.flush(now: vantage.network.now))
        if connection.isOver { forget() }
    }

    private func transmit(_ segments: [TCPSegment]) {
        guard !isGone else { return }
        for segment in segments { vantage.send(segment.packet(on: flow)) }
        rest()
    }

    /// Has itself woken when something may have to be sent again.
    private func rest() {
        guard !connection.isOver, wakesAt.map({ $0 > connection.wakeAt }) ?? true else { return }
        wakesAt = connection.wakeAt
        vantage.network.schedule(at: connection.wakeAt) { [weak self] in
            guard let self, wakesAt == vantage.network.now else { return }
            wake()
        }
    }

    /// A kernel says nothing of a request that it gives up.
    private func abort() {
        if connection.isEstablished, !isGone { vantage.send(connection.abortion.packet(on: flow)) }
        forget()
    }

    private func fail(_ failure: Failure) {
        forget()
        let hear = hear
        self.hear = nil
        hear?(.failed(failure))
    }

    private func forget() {
        guard !isGone else { return }
        isGone = true
        vantage.forget(connection: flow.localPort)
    }
}
