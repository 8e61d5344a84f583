/// One way to look at a target.
public protocol Probe {
    /// Looks once. Whatever happens is an outcome, and comes within the probe's time.
    ///
    /// To be called on the loop of what the probe works with.
    func run() async -> ProbeOutcome
}
