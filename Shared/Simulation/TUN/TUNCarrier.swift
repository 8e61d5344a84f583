import CLinux
public import EventLoop
import Glibc

/// Carries real packets through a simulated network: what the kernel sends to an interface of its own goes in at the
/// vantage point, and what comes back there is what the kernel receives.
///
/// The loop's thread should be in a network namespace made for it, since the interface becomes the way to everywhere.
/// Confined to that loop.
public final class TUNCarrier: ReadinessHandler {
    private static let name = "sonde0"

    private let network: SimulatedNetwork
    private let vantage: NetworkDescription.Node
    private let loop: EventLoop
    private let tun: FileDescriptor
    private let timer: FileDescriptor
    private let start = clinux_monotonic_nanoseconds()
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var wakeUp: Wake?
    /// What the timer is set to.
    private var alarm: UInt64?

    /// Makes the interface with the addresses of `vantage`, for packets as large as its links take.
    ///
    /// Throws `SystemError` with `EPERM` where CAP_NET_ADMIN is missing. To be called on `loop`.
    public init(
        _ network: SimulatedNetwork,
        from vantage: NetworkDescription.Node,
        on loop: EventLoop
    ) throws(SystemError) {
        loop.preconditionIsCurrent()
        self.network = network
        self.vantage = vantage
        self.loop = loop
        tun = FileDescriptor(
            try check(unsafe clinux_tun_open(Self.name, CInt(network.linkSize(of: vantage.name))), "the TUN interface")
        )
        timer = FileDescriptor(try check(clinux_timer(), "timerfd_create"))
        for (index, address) in vantage.addresses.enumerated() {
            let result =
                unsafe address.isV4
                ? clinux_tun_add_v4(Self.name, CInt(index), UInt32(truncatingIfNeeded: address.words.low))
                : clinux_tun_add_v6(Self.name, address.bytes)
            try check(result, "the address \(address)")
        }
        network.deliver = { [unowned self] packet, _, _ in write(packet) }
        network.departure = { [start] in clinux_monotonic_nanoseconds() - start }
        let wake = Wake { [unowned self] in advance() }
        wakeUp = wake
        try loop.register(tun.number, for: .read, self)
        try loop.register(timer.number, for: .read, wake)
        advance()
    }

    /// Takes the interface away, and ends the network.
    public func close() {
        network.run(until: now)
        network.finish()
        loop.unregister(tun.number)
        loop.unregister(timer.number)
        wakeUp = nil
    }

    /// Packets have come from the kernel.
    public func ready(_ readiness: Readiness) {
        for _ in 0..<256 {
            // The packet is there already: how long it takes to read it is no part of its way.
            let arrival = now
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(tun.number, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            network.run(until: arrival)
            network.send(Array(buffer[..<count]), from: vantage.name)
        }
        advance()
    }

    private var now: UInt64 { clinux_monotonic_nanoseconds() - start }

    /// Lets the network's time come up with the clock, and wakes up for what happens next.
    private func advance() {
        network.run(until: now)
        // Most packets change nothing about what comes next, and setting the timer is a system call.
        guard network.nextEvent != alarm else { return }
        alarm = network.nextEvent
        clinux_timer_set(timer.number, alarm.map { start + $0 } ?? 0)
    }

    private func write(_ packet: [UInt8]) {
        // What the kernel's queue has no room for is lost, as on any interface.
        _ = unsafe packet.withUnsafeBytes { unsafe Glibc.write(tun.number, $0.baseAddress, $0.count) }
    }

    /// Takes the timer's calls.
    private final class Wake: ReadinessHandler {
        private let call: () -> Void

        init(_ call: @escaping () -> Void) {
            self.call = call
        }

        func ready(_ readiness: Readiness) {
            call()
        }
    }
}

/// Turns -1 into the error that `errno` says.
@discardableResult
private func check(_ result: CInt, _ what: String) throws(SystemError) -> CInt {
    guard result == -1 else { return result }
    throw SystemError(code: errno, message: what)
}
