/// One way to look at a target.
protocol Probe {
    /// Looks once. Whatever happens is an outcome.
    ///
    /// `timeout` is for each answer that is waited for: a run of several packets, a trace and a search for a path's MTU
    /// take longer.
    ///
    /// To be called on the loop of what the probe works with.
    func run(timeout: Duration) async -> ProbeOutcome
}
