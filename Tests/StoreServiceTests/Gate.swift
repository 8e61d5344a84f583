import Foundation
import ServiceTesting

/// Holds up a thread until it is opened, and says when the thread has come.
///
/// Unchecked because a semaphore is made for many threads, which its type does not say.
final class Gate: @unchecked Sendable {
    private let entered = DispatchSemaphore(value: 0)
    private let opened = DispatchSemaphore(value: 0)

    func wait() {
        entered.signal()
        opened.wait()
    }

    func open() { opened.signal() }

    func untilEntered() async {
        while entered.wait(timeout: .now()) == .timedOut { await pause() }
    }
}
