/// One way to look at a target.
protocol Probe {
    /// Looks once. Whatever happens is an outcome, and comes within `timeout`.
    ///
    /// To be called on the loop of what the probe works with.
    func run(timeout: Duration) async -> ProbeOutcome
}
