import Database

// A release, which has all targets, is built without the testing library.
#if canImport(Testing)
    public import Testing

    /// Runs each test on SQLite and then on PostgreSQL: `TestEngine.current` says which.
    public struct EveryEngine: SuiteTrait, TestTrait, TestScoping {
        public var isRecursive: Bool { true }

        @concurrent
        public func provideScope(
            for test: Test,
            testCase: Test.Case?,
            performing function: @concurrent @Sendable () async throws -> Void
        ) async throws {
            for engine in [DatabaseEngine.sqlite, .postgres] {
                try await TestEngine.$current.withValue(engine) { try await function() }
            }
        }
    }

    extension Trait where Self == EveryEngine {
        /// The same on SQLite and on PostgreSQL.
        public static var everyEngine: Self { Self() }
    }
#endif
