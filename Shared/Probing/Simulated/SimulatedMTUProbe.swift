import Contracts
import EventLoop
import Simulation

/// One search for the largest packet that reaches a target whole.
struct SimulatedMTUProbe: SimulatedProbe {
    let point: SimulatedPoint
    let address: IPAddress

    func run(_ look: SimulatedLook, _ done: @escaping (ProbeOutcome) -> Void) {
        SimulatedMTUSearch.run(to: address, from: point, timeout: min(look.timeout, .seconds(1))) { found in
            done(ProbeOutcome(startedAt: look.startedAt, found, look.metadata))
        }
    }
}

/// A search in a simulated network, which keeps it until it is over.
private final class SimulatedMTUSearch {
    /// As `PathEngine.mtu`.
    private static let gap: UInt64 = 5_000_000
    /// Behind those of traces.
    private static let identifiers: ClosedRange<UInt16> = 65_500...65_535
    /// Bytes of the headers of IP and ICMP.
    private static let headerBytes = (v4: 28, v6: 48)

    private let address: IPAddress
    private let point: SimulatedPoint
    private let timeout: Duration
    private let done: (PathMTU) -> Void
    private let identifier: UInt16
    private var search: MTUSearch
    private var last: UInt64?
    private var isOver = false
    private var alarm: UInt64?

    private init(
        to address: IPAddress,
        from point: SimulatedPoint,
        timeout: Duration,
        _ done: @escaping (PathMTU) -> Void
    ) {
        self.address = address
        self.point = point
        self.timeout = timeout
        self.done = done
        identifier = point.nextIdentifier(in: Self.identifiers)
        search = MTUSearch(isV4: address.isV4, timeout: UInt64(timeout.inNanoseconds), gap: Self.gap)
    }

    static func run(
        to address: IPAddress,
        from point: SimulatedPoint,
        timeout: Duration,
        _ done: @escaping (PathMTU) -> Void
    ) {
        SimulatedMTUSearch(to: address, from: point, timeout: timeout, done).advance()
    }

    private func advance() {
        while !isOver {
            switch search.step(at: point.network.now) {
            case .send(let number, let size): send(number, size)
            case .wait(let time): return wake(at: time)
            case .finished: end()
            }
        }
    }

    private func wake(at time: UInt64) {
        guard alarm != time else { return }
        alarm = time
        point.network.schedule(at: time) { [self] in
            guard alarm == time else { return }
            alarm = nil
            advance()
        }
    }

    private func send(_ number: UInt16, _ size: Int) {
        let largest = point.vantage.linkSize
        guard size <= largest else { return search.refused(number, largest: largest) }
        let bytes = size - (address.isV4 ? Self.headerBytes.v4 : Self.headerBytes.v6)
        let payload = [UInt8](repeating: 0, count: bytes)
        point.vantage.send(
            .echo(identifier: identifier, number: number, payload: payload),
            to: address,
            hopLimit: 64,
            timeout: timeout
        ) { [self] in take($0, of: number, bytes) }
    }

    private func take(_ outcome: SimulatedVantage.Outcome, of number: UInt16, _ bytes: Int) {
        guard !isOver else { return }
        if outcome.ending == .answered, outcome.data.count == bytes {
            last = outcome.elapsed
            search.answered(number, roundTripNanoseconds: outcome.elapsed)
        } else if outcome.ending == .packetTooBig {
            search.tooBig(number, recommended: outcome.notice?.size ?? 0)
        }
        advance()
    }

    private func end() {
        isOver = true
        done(
            PathMTU(
                bytes: search.mtu,
                evidence: search.evidence,
                sent: search.sent,
                received: search.received,
                roundTripNanoseconds: last,
                timeSource: last == nil ? nil : .simulation
            )
        )
    }
}
