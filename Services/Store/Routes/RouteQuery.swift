import Contracts
import Database
import DatabaseCalls
import JSON
import JSONRPC

/// Answers `route.list`.
struct RouteQuery: Sendable {
    /// Changes that are looked at for those of a target or an agent.
    private static let maximumRows = 100_000

    let reader: QueryReader
    let series: SeriesTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: RouteFilter) async throws -> RouteLog {
        let tenant = try Person.ofCall.tenant
        let limit = filter.limit ?? 100
        try checkNumber(limit, "limit", 1...1_000)
        let to = filter.to ?? now()
        let from = filter.from ?? to.advanced(by: .seconds(-86_400))
        let span = try QuerySpan(from: from, to: to, longest: reader.limits.sumSpan, now: to)
        return try await reader.read(as: tenant) { [series] rows in
            var log = RouteLog(changes: [])
            let from = max(span.from.microseconds, rows.expired.end(\.days))
            try rows.connection.query(
                """
                SELECT changed_at, id, series, hop, flows, path FROM route WHERE tenant = \(tenant.rawValue)
                    AND changed_at >= \(from) AND changed_at < \(span.to.microseconds)
                ORDER BY changed_at DESC, id DESC LIMIT \(Self.maximumRows)
                """
            ) { row in
                guard log.changes.count < limit else { return }
                let record = series.record(try row[2])
                guard filter.targetID.map({ $0 == record.key.series.targetID }) ?? true,
                    filter.agentID.map({ $0 == record.key.agentID }) ?? true
                else { return }
                log.changes.append(try RouteChange(row, of: record))
            }
            return log
        }
    }
}

extension RouteChange {
    fileprivate init(_ row: any DatabaseRow, of record: SeriesRecord) throws {
        guard let id = row.withBytes(1, UUIDv7.init(bytes:)),
            case .array(let addresses)? = try? JSONValue(json: Array(try row.text(5).utf8))
        else { throw DatabaseError(.corrupt, "a change of a route cannot be read") }
        self.init(
            id: Identifier(rawValue: id.description),
            timestamp: Timestamp(microseconds: try row.integer(0)),
            of: record.key.series,
            by: record.key.agentID,
            origin: record.key.origin
        )
        hop = try row[3]
        flows = try row[4]
        path = addresses.map { if case .string(let text) = $0 { text } else { nil } }
    }
}
