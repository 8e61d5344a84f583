import CLinux
import Glibc

/// What a thread waits for beside its socket: a counter of the kernel's that any thread may raise.
final class WakeUp: Sendable {
    let descriptor: CInt

    init() throws(DatabaseError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw DatabaseError(.failed, "no descriptor for a connection to the database (\(reason))")
        }
    }

    deinit { close(descriptor) }

    func post() {
        var one: UInt64 = 1
        // Fails only when the counter is full, and then it is raised.
        _ = unsafe write(descriptor, &one, MemoryLayout<UInt64>.size)
    }

    func clear() {
        var count: UInt64 = 0
        // Fails only when it was not raised.
        _ = unsafe read(descriptor, &count, MemoryLayout<UInt64>.size)
    }

    /// Waits until it is raised or the time has come.
    func wait(until limit: ContinuousClock.Instant) {
        var events = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        _ = unsafe poll(&events, 1, limit.pollMilliseconds)
        clear()
    }
}

extension ContinuousClock.Instant {
    /// What `poll` takes for a time from now, rounded up so that it does not return too early.
    var pollMilliseconds: CInt {
        let left = self - .now
        guard left > .zero else { return 0 }
        let milliseconds = left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000
        return CInt(clamping: milliseconds + 1)
    }
}
