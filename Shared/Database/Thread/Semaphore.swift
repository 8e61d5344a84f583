import Glibc

/// A POSIX semaphore: a thread waits where no executor may.
///
/// Unchecked because the pointer hides that `sem_post` and `sem_wait` may be called from any thread at once. The
/// semaphore is set up before and destroyed after anyone else can see it.
@safe final class Semaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        unsafe semaphore = .allocate(capacity: 1)
        let result = unsafe sem_init(semaphore, 0, 0)
        precondition(result == 0, "zero is a valid count")
    }

    deinit {
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func post() {
        let result = unsafe sem_post(semaphore)
        precondition(result == 0, "more than two billion posts wait")
    }

    func wait() {
        // Fails only when a signal handler interrupts it.
        while unsafe sem_wait(semaphore) != 0 {}
    }
}
