/// Something that runs for as long as the process does.
public protocol Service: Sendable {
    /// Runs until the task is cancelled, and then cleans up; returning earlier, or throwing, ends the process.
    func run() async throws
    /// Takes no new work and finishes what is in flight; called before `run` is cancelled.
    func drain() async
}

extension Service {
    public func drain() async {}
}
