import Contracts
import Database
import JSON
import JSONRPC
import Observability

/// Reads rows for a query, on the database's reader and within the query's limits.
struct QueryReader: Sendable {
    let database: any Database
    let limits: QueryLimits

    func read<T: Sendable>(_ body: @escaping @Sendable (any DatabaseConnection) throws -> T) async throws -> T {
        let own = ContinuousClock.now.advanced(by: limits.time)
        do {
            return try await database.read(deadline: CallContext.current?.deadline.map { min($0, own) } ?? own, body)
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
        used += 1
        guard used <= limit else {
            throw invalid("from", "is too early: the span has more than \(limit) measurements; ask for a shorter one")
        }
    }
}

/// What queries sum up of a row.
struct ScannedRow {
    var timestamp: Int64
    var isFailure: Bool
    /// Milliseconds.
    var latency: Double?
    var sent: Int
    var received: Int
}

extension DatabaseConnection {
    /// Hands each row of a span to `body`, in the order of time.
    func scan(_ series: Int, in span: QuerySpan, _ body: (ScannedRow) throws -> Void) throws {
        try query(
            """
            SELECT timestamp, status, latency, sent, received FROM measurement WHERE series = \(series)
                AND timestamp >= \(span.from.microseconds) AND timestamp < \(span.to.microseconds)
            ORDER BY timestamp
            """
        ) { row in
            try body(
                ScannedRow(
                    timestamp: try row.integer(0),
                    isFailure: try row.integer(1) != Int64(MeasurementStatus.success.rawValue),
                    latency: row.isNull(2) ? nil : try row.real(2),
                    sent: Int(try row.integer(3)),
                    received: Int(try row.integer(4))
                )
            )
        }
    }
}
