import CLinux
import Glibc
import Synchronization

/// One thread that runs I/O callbacks, timers and Swift jobs in turn.
///
/// A task started with `executorPreference: loop` stays on it, and an actor may live on it by `actorExecutor`. Everything
/// but `enqueue`, `execute`, `stop`, `statistics` and `isCurrent` must be called on the loop's own thread.
///
/// `@unchecked Sendable`: `now`, `instant`, `poller`, `wheel`, `local`, `turnEnd` and `stopping` are touched only
/// by the loop's thread, which every entry checks or which is the only caller; what other threads reach is atomic,
/// behind `Mutex`, or set once by `init`, as `serial` is.
public final class EventLoop: TaskExecutor, @unchecked Sendable {
    /// What other threads left for the loop.
    private struct Inbox {
        var jobs: [LoopJob] = []
        var calls: [@Sendable () -> Void] = []
    }

    private static let jobsPerTurn = 4096

    public let name: String
    public let statistics = LoopStatistics()
    /// Nanoseconds of the monotonic clock, read once a turn.
    public private(set) var now = clinux_monotonic_nanoseconds()
    /// The same moment on the standard library's clock.
    public private(set) var instant = ContinuousClock.now

    private let thread = Atomic<UInt>(0)
    private let inbox = Mutex(Inbox())
    private let hasMail = Atomic<Bool>(false)
    private let wakeUp: CInt
    private let watchfulness: UInt64
    private var poller: Poller
    private var wheel: TimerWheel
    private var local: [LoopJob] = []
    private var head = 0
    private var turnEnd: [() -> Void] = []
    private var stopping = false
    /// Set once, by `init`.
    private var serial: LoopSerialExecutor?

    /// A loop that is watchful looks for events for so long before it sleeps: that takes a core, and saves the tens of
    /// microseconds that waking up takes.
    public init(name: String, watchfulness: Duration = .zero) throws(SystemError) {
        self.name = name
        self.watchfulness = UInt64(max(0, watchfulness.inNanoseconds))
        poller = try Poller()
        wakeUp = poller.wakeUpNumber
        wheel = TimerWheel(now: clinux_monotonic_nanoseconds() / 1_000_000)
        local.reserveCapacity(1024)
        serial = LoopSerialExecutor(self)
    }

    /// Starts the loop's thread.
    public func start() throws(SystemError) {
        var id = pthread_t()
        let argument = unsafe Unmanaged.passRetained(self).toOpaque()
        let failure = unsafe pthread_create(&id, nil, runLoop, argument)
        guard failure == 0 else {
            unsafe Unmanaged<EventLoop>.fromOpaque(argument).release()
            throw SystemError(code: failure, message: "pthread_create")
        }
        pthread_detach(id)
    }

    /// Ends the loop's thread after the turn that reads this; jobs enqueued later are never run.
    public func stop() {
        execute { self.stopping = true }
    }

    public var isCurrent: Bool {
        thread.load(ordering: .relaxed) == pthread_self()
    }

    public func preconditionIsCurrent() {
        precondition(isCurrent, "called off the event loop's thread")
    }

    // MARK: Executor

    public func enqueue(_ job: consuming ExecutorJob) {
        enqueue(LoopJob(job: UnownedJob(job), isIsolated: false))
    }

    /// Where an actor runs that lives on the loop, and keeps it.
    public var actorExecutor: UnownedSerialExecutor {
        guard let serial else { preconditionFailure("no actor lives on a loop that is being made") }
        return unsafe serial.asUnownedSerialExecutor()
    }

    fileprivate func enqueue(_ job: LoopJob) {
        guard !isCurrent else {
            local.append(job)
            return
        }
        post { $0.jobs.append(job) }
    }

    /// Runs `call` on the loop's thread: at once when this is it, and at its next turn when not.
    public func execute(_ call: @escaping @Sendable () -> Void) {
        guard !isCurrent else { return call() }
        post { $0.calls.append(call) }
    }

    /// Runs `call` once, at the end of this turn, when the jobs and events at hand have been worked off.
    public func atTurnEnd(_ call: @escaping () -> Void) {
        turnEnd.append(call)
    }

    // MARK: Descriptors and timers

    public func register(_ fd: CInt, for interest: Readiness, _ handler: any ReadinessHandler) throws(SystemError) {
        preconditionIsCurrent()
        try poller.add(fd, interest, handler)
    }

    public func modify(_ fd: CInt, for interest: Readiness) throws(SystemError) {
        try poller.modify(fd, interest)
    }

    /// To be called before the descriptor is closed.
    public func unregister(_ fd: CInt) {
        poller.remove(fd)
    }

    /// Calls `handler` once, not before `nanoseconds` have passed, to the millisecond.
    public func arm(_ handler: any TimerHandler, afterNanoseconds nanoseconds: UInt64) -> TimerToken {
        preconditionIsCurrent()
        return wheel.arm(handler, at: (now &+ nanoseconds + 999_999) / 1_000_000)
    }

    public func disarm(_ token: TimerToken) {
        wheel.disarm(token)
    }

    // MARK: The loop

    fileprivate func run() {
        thread.store(pthread_self(), ordering: .relaxed)
        while !stopping {
            finishTurn()
            statistics.turnEnded(startedNanoseconds: now)
            let events = waitForEvents()
            now = clinux_monotonic_nanoseconds()
            instant = .now
            fireTimers()
            for index in 0..<events {
                guard let event = poller.event(index) else { continue }
                event.handler.ready(event.readiness)
            }
        }
        thread.store(0, ordering: .relaxed)
    }

    private func waitForEvents() -> Int {
        let timeout = timeoutMilliseconds()
        if watchfulness > 0, timeout != 0 {
            let end = clinux_monotonic_nanoseconds() + watchfulness
            repeat {
                let events = poller.wait(milliseconds: 0)
                if events > 0 { return events }
            } while clinux_monotonic_nanoseconds() < end
        }
        return poller.wait(milliseconds: timeout)
    }

    /// Runs jobs and turn-end calls until neither is left, or until one turn's share of jobs is used up.
    private func finishTurn() {
        var budget = Self.jobsPerTurn
        repeat {
            takeMail()
            budget -= runJobs(atMost: budget)
            let calls = turnEnd
            turnEnd.removeAll(keepingCapacity: true)
            for call in calls { call() }
        } while budget > 0 && (head < local.count || !turnEnd.isEmpty || hasMail.load(ordering: .relaxed))
    }

    private func runJobs(atMost limit: Int) -> Int {
        let serial = unsafe actorExecutor
        let task = unsafe asUnownedTaskExecutor()
        var count = 0
        while head < local.count, count < limit {
            let job = local[head]
            head += 1
            count += 1
            if job.isIsolated {
                unsafe job.job.runSynchronously(isolatedTo: serial, taskExecutor: task)
            } else {
                unsafe job.job.runSynchronously(on: task)
            }
        }
        if head == local.count {
            local.removeAll(keepingCapacity: true)
            head = 0
        }
        return count
    }

    private func takeMail() {
        guard hasMail.exchange(false, ordering: .acquiring) else { return }
        let mail = inbox.withLock { inbox in
            defer { inbox = Inbox() }
            return inbox
        }
        local.append(contentsOf: mail.jobs)
        for call in mail.calls { call() }
    }

    private func fireTimers() {
        wheel.advance(to: now / 1_000_000)
        while let due = wheel.popDue() {
            due.handler.timerFired(due.token)
        }
    }

    private func timeoutMilliseconds() -> CInt {
        guard head == local.count, turnEnd.isEmpty, !hasMail.load(ordering: .acquiring), !stopping else { return 0 }
        return wheel.ticksUntilNext().map { CInt($0) } ?? -1
    }

    private func post(_ change: (inout Inbox) -> Void) {
        inbox.withLock { change(&$0) }
        guard !hasMail.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var one: UInt64 = 1
        _ = unsafe write(wakeUp, &one, MemoryLayout<UInt64>.size)
    }

    /// Lets the last reference to a value of this loop go on the loop's own thread.
    func release<Value>(_ value: consuming Value) {
        // Safe to send: a retained pointer that nobody but the loop's call below uses.
        nonisolated(unsafe) let box = unsafe Unmanaged.passRetained(ReleaseBox(value))
        post { $0.calls.append { unsafe box.release() } }
    }
}

/// A job must run as what it was enqueued for: a task that finds itself on another executor than the one it is to go on
/// with, is enqueued once more.
private struct LoopJob {
    let job: UnownedJob
    /// It is an actor's.
    let isIsolated: Bool
}

/// The loop as actors see it.
private final class LoopSerialExecutor: SerialExecutor {
    private unowned let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        loop.enqueue(LoopJob(job: UnownedJob(job), isIsolated: true))
    }

    func checkIsolated() {
        loop.preconditionIsCurrent()
    }

    func isIsolatingCurrentContext() -> Bool? {
        loop.isCurrent
    }
}

private final class ReleaseBox<Value> {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}

@Sendable private func runLoop(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { preconditionFailure("pthread_create lost its argument") }
    unsafe Unmanaged<EventLoop>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
