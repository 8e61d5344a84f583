import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC
import Observability

/// Reads rows for a query, on the database's reader and within the query's limits.
struct QueryReader: Sendable {
    let database: any Database
    let head: Head
    let limits: QueryLimits
    let retention: RetentionTable
    let now: @Sendable () -> Timestamp

    func read<T: Sendable>(
        as tenant: TenantID,
        _ body: @escaping @Sendable (SeriesReader) throws -> T
    ) async throws -> T {
        let own = ContinuousClock.now.advanced(by: limits.time)
        let deadline = CallContext.current?.deadline.map { min($0, own) } ?? own
        let segments = head.segments
        let expired = retention.expiredDays(of: tenant, at: now())
        do {
            return try await database.read(as: tenant, deadline: deadline) { connection in
                try body(SeriesReader(connection, segments, expired: expired))
            }
        } catch let error as DatabaseError where error.code == .busy {
            throw RPCError(.busy, "too many queries wait", data: ["retry_after_ms": 500])
        } catch let error as DatabaseError where error.code == .deadlineExceeded {
            throw RPCError(.deadlineExceeded, "the query took too long; ask for a shorter span")
        }
    }
}

/// Counts the rows a query looks at; throws `invalidParams` when they are too many.
struct RowBudget {
    let limit: Int
    private(set) var used = 0

    init(_ limits: QueryLimits) { limit = limits.rows }

    mutating func use() throws(RPCError) {
        try use(1)
    }

    mutating func use(_ rows: Int) throws(RPCError) {
        used += rows
        guard used <= limit else {
            throw invalid("from", "is too early: the span has more than \(limit) measurements; ask for a shorter one")
        }
    }
}
