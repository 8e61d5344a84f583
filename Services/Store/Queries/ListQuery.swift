import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// Answers `measurement.list`: newest first, page by page.
struct ListQuery: Sendable {
    private static let idDistance = Duration.microseconds(KnownRows.idDistance)

    let reader: QueryReader
    let series: SeriesTable
    let labelled: LabelledTargets
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: MeasurementFilter) async throws -> WrittenResult<MeasurementPage> {
        let tenant = try Person.ofCall.tenant
        let limit = filter.limit ?? 100
        try checkNumber(limit, "limit", 1...10_000)
        let status = try MeasurementStatus(filter: filter.status)
        let reason = try FailureReason(filter: filter.reason)
        let id = filter.id.flatMap { UUIDv7($0.rawValue) }
        let cursor = try filter.cursor.map { text in
            guard let cursor = ListCursor(text) else { throw invalid("cursor", "must be one that this method gave") }
            return cursor
        }
        let span = try span(filter, madeAt: id?.time, cursor)
        let first = RowPlace(timestamp: span.to.microseconds, id: .lowest, series: 0)
        let end = cursor.map { min($0.last, first) } ?? first
        let targets = try await labelled(filter.labels, of: tenant)
        let series = series.series(
            of: tenant,
            target: filter.targetID,
            among: targets,
            check: filter.checkID,
            agent: filter.agentID,
            type: filter.type,
            since: span.from
        )
        let wanted = RowFilter(times: span.from.microseconds..<(.max), status: status, reason: reason, id: id)
        return try await reader.read(as: tenant) { rows in
            var rows = NewestFirst(series, wanted, before: end, from: rows)
            return try WrittenResult(page(&rows, limit, from: span.from))
        }
    }

    private func span(
        _ filter: MeasurementFilter,
        madeAt made: Timestamp?,
        _ cursor: ListCursor?
    ) throws(RPCError) -> QuerySpan {
        try QuerySpan(
            from: filter.from ?? cursor.map { Timestamp(microseconds: $0.from) }
                ?? made?.advanced(by: .zero - Self.idDistance),
            to: filter.to ?? cursor.map { Timestamp(microseconds: $0.last.timestamp + 1) }
                ?? made?.advanced(by: Self.idDistance),
            longest: reader.limits.span,
            now: now()
        )
    }

    private func page(_ rows: inout NewestFirst, _ limit: Int, from: Timestamp) throws -> MeasurementPage {
        var page = MeasurementPage(measurements: [])
        var last: RowPlace?
        while let (record, row) = try rows.next() {
            guard page.measurements.count < limit else {
                page.nextCursor = last.map { ListCursor(after: $0, from: from.microseconds).text }
                break
            }
            page.measurements.append(row.measurement(of: record.key))
            last = RowPlace(timestamp: row.timestamp.microseconds, id: row.id, series: record.id)
        }
        return page
    }
}

extension FailureReason {
    /// The one that a filter names.
    init?(filter name: String?) throws(RPCError) {
        guard let name else { return nil }
        guard let reason = Self.allCases.first(where: { $0.name == name }) else {
            throw invalid("reason", "must be one that measurements have, such as timeout")
        }
        self = reason
    }
}

extension MeasurementStatus {
    /// The one that a filter names.
    init?(filter name: String?) throws(RPCError) {
        guard let name else { return nil }
        guard let status = Self.allCases.first(where: { $0.name == name }) else {
            throw invalid("status", "must be success, timeout or error")
        }
        self = status
    }
}
