import Glibc

/// A thread outside the executors, for work that blocks.
enum PlatformThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new thread, to which no signals are delivered.
    static func start(_ body: @escaping @Sendable () -> Void) throws(DatabaseError) {
        let argument = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        var thread = pthread_t()
        let result = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                }
                return nil
            },
            argument
        )
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard result == 0 else {
            unsafe Unmanaged<Body>.fromOpaque(argument).release()
            let reason = unsafe String(cString: strerror(result))
            throw DatabaseError(.failed, "no thread for the database (\(reason))")
        }
        pthread_detach(thread)
    }
}
