import CLinux
public import EventLoop
import Glibc

/// Loops whose threads live in a network namespace of their own: its loopback is up, every group may open ping sockets,
/// and nothing else can be reached.
///
/// What is opened on such a loop, and what is started there, belongs to the namespace. That goes with the last of them.
public enum NetworkNamespace {
    /// Throws `SystemError` with `EPERM` where CAP_SYS_ADMIN is missing.
    ///
    /// For `watchfulness` see `EventLoop`.
    public static func loop(
        named name: String,
        watchfulness: Duration = .zero
    ) async throws(SystemError) -> EventLoop {
        let loop = try EventLoop(name: name, watchfulness: watchfulness)
        try loop.start()
        let failure = await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: clinux_enter_new_network() == 0 ? 0 : errno) }
        }
        guard failure == 0 else {
            loop.stop()
            throw SystemError(code: failure, message: "a network namespace")
        }
        return loop
    }

    /// Another loop in the namespace of `other`.
    public static func loop(named name: String, beside other: EventLoop) async throws(SystemError) -> EventLoop {
        let loop = try EventLoop(name: name)
        // A thread begins in the namespace of the one that starts it.
        let failure: SystemError? = await withCheckedContinuation { continuation in
            other.execute {
                do throws(SystemError) {
                    try loop.start()
                    continuation.resume(returning: nil)
                } catch {
                    continuation.resume(returning: error)
                }
            }
        }
        if let failure { throw failure }
        return loop
    }
}
