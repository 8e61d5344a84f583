/// What a database has done since it was opened, for metrics.
public struct DatabaseStatistics: Sendable, Equatable {
    /// One of the engine's threads.
    public struct Thread: Sendable, Equatable {
        /// Jobs that wait now.
        public var queueDepth = 0
        /// Jobs turned away because the queue was full.
        public var rejectedJobs = 0
        public var startedJobs = 0
        /// Time spent in jobs.
        public var busy = Duration.zero
    }

    public var reader = Thread()
    public var writer = Thread()
    public var commits = 0
    public var rollbacks = 0
    /// Rows inserted, updated and deleted by committed transactions.
    public var rowsWritten = 0
}
