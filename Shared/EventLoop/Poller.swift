import CLinux

/// Called by the loop when a descriptor that the handler registered is ready.
public protocol ReadinessHandler: AnyObject {
    func ready(_ readiness: Readiness)
}

/// What a descriptor can do now, or is asked to tell of (the bits of epoll(7)).
public struct Readiness: OptionSet, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static let read = Self(rawValue: clinux_epoll_in)
    public static let write = Self(rawValue: clinux_epoll_out)
    /// The error queue holds something, or the connection failed; always told of.
    public static let error = Self(rawValue: clinux_epoll_err)
    /// Both directions are shut; always told of.
    public static let hangUp = Self(rawValue: clinux_epoll_hup)
}

/// The epoll instance of one loop, and who handles which descriptor.
///
/// A descriptor number may be closed and used again within one batch of events, so each registration carries a
/// generation, and events of an older one are dropped.
struct Poller: ~Copyable {
    private struct Registration {
        var handler: (any ReadinessHandler)?
        var generation: UInt32 = 0
    }

    private static let wakeUpKey = UInt64.max

    private let descriptor: FileDescriptor
    private let wakeUp: FileDescriptor
    private var registrations: [Registration] = []
    private var events = [clinux_event](repeating: clinux_event(), count: 256)

    init() throws(SystemError) {
        let epoll = FileDescriptor(try check(clinux_epoll_create(), "epoll_create1"))
        let event = FileDescriptor(try check(clinux_eventfd(), "eventfd"))
        try check(clinux_epoll_add(epoll.number, event.number, clinux_epoll_in, Self.wakeUpKey), "epoll_ctl")
        descriptor = epoll
        wakeUp = event
    }

    mutating func add(_ fd: CInt, _ interest: Readiness, _ handler: any ReadinessHandler) throws(SystemError) {
        while registrations.count <= Int(fd) { registrations.append(Registration()) }
        registrations[Int(fd)].generation &+= 1
        registrations[Int(fd)].handler = handler
        do {
            try check(clinux_epoll_add(descriptor.number, fd, interest.rawValue, key(of: fd)), "epoll_ctl")
        } catch {
            registrations[Int(fd)].handler = nil
            throw error
        }
    }

    func modify(_ fd: CInt, _ interest: Readiness) throws(SystemError) {
        try check(clinux_epoll_modify(descriptor.number, fd, interest.rawValue, key(of: fd)), "epoll_ctl")
    }

    /// To be called before the descriptor is closed.
    mutating func remove(_ fd: CInt) {
        guard registrations.indices.contains(Int(fd)), registrations[Int(fd)].handler != nil else { return }
        registrations[Int(fd)].handler = nil
        _ = clinux_epoll_remove(descriptor.number, fd)
    }

    /// Waits at most `milliseconds` (for ever when negative) and returns how many events are there to be taken.
    mutating func wait(milliseconds: CInt) -> Int {
        let count = unsafe events.withUnsafeMutableBufferPointer { buffer in
            unsafe clinux_epoll_wait(descriptor.number, buffer.baseAddress, CInt(buffer.count), milliseconds)
        }
        return max(0, Int(count))
    }

    /// The handler of event `index` and what happened; `nil` for a wake-up and for a registration that has ended.
    func event(_ index: Int) -> (handler: any ReadinessHandler, readiness: Readiness)? {
        let event = events[index]
        guard event.key != Self.wakeUpKey else {
            wakeUp.drainEvents()
            return nil
        }
        let registration = registrations[Int(event.key & 0xffff_ffff)]
        guard registration.generation == UInt32(event.key >> 32), let handler = registration.handler else { return nil }
        return (handler, Readiness(rawValue: event.readiness))
    }

    /// The descriptor that makes `wait` return when written to.
    var wakeUpNumber: CInt { wakeUp.number }

    private func key(of fd: CInt) -> UInt64 {
        UInt64(registrations[Int(fd)].generation) << 32 | UInt64(UInt32(bitPattern: fd))
    }
}
