import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// Answers `measurement.export`: all rows of a span, oldest first, as the text of a file.
///
/// A stream holds one piece and what the merge keeps: the next piece is read when this one is taken.
struct ExportQuery: Sendable {
    private static let pieceBytes = 64 << 10
    private static let maximumTargets = 1_000

    let reader: QueryReader
    let series: SeriesTable
    let labelled: LabelledTargets
    let sessions: SessionBook
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ filter: ExportFilter) async throws -> RPCStream<Download, DownloadPiece> {
        let tenant = try Person.ofCall.tenant
        var filter = filter
        if let id = filter.sessionID { filter = filter.filled(from: try await sessions.session(id)) }
        try checkNumber(filter.targetIDs?.count ?? 0, "target_ids", 0...Self.maximumTargets)
        let format = filter.format ?? .csv
        let start = try start(filter, of: tenant)
        let (from, to) = (start.from, start.to)
        let targets = try await labelled(filter.labels, among: filter.targetIDs, of: tenant)
        let merge = OldestFirst(
            wanted(filter, of: tenant, among: targets, from: from),
            RowFilter(
                times: .min..<to.microseconds,
                status: try MeasurementStatus(filter: filter.status),
                reason: try FailureReason(filter: filter.reason)
            ),
            after: start.place
        )
        let writer = ExportWriter(
            format,
            allFields: filter.allFields ?? false,
            guardsFormulas: filter.formulaGuard ?? true
        )
        let name = "measurements-\(from.forFileName)-\(to.forFileName).\(format.fileExtension)"
        let download = Download(contentType: format.contentType, fileName: name)
        let hasHeader = filter.cursor == nil
        return RPCStream(download) { [reader] stream in
            if hasHeader { try await Self.send(writer.header, to: stream) }
            try await Self.send(merge, writer, reader, as: tenant, from: from.microseconds, to: stream)
        }
    }

    private func start(
        _ filter: ExportFilter,
        of tenant: TenantID
    ) throws(RPCError) -> (from: Timestamp, to: Timestamp, place: RowPlace) {
        let cursor = filter.cursor.flatMap { ListCursor($0) }
        guard filter.cursor == nil || cursor != nil else {
            throw invalid("cursor", "must be one that this method gave")
        }
        let to = filter.to ?? now()
        let from = cursor.map { Timestamp(microseconds: $0.from) } ?? filter.from ?? to.advanced(by: .seconds(-3_600))
        guard from < to else { throw invalid("from", "must be before to") }
        // What is older is gone, and days that have nothing need not be looked through.
        let oldest = reader.retention.expiredDays(of: tenant, at: now()).end(\.rows)
        let first = RowPlace(timestamp: max(from.microseconds, oldest), id: .lowest, series: 0)
        return (from, to, cursor.map { max($0.last, first) } ?? first)
    }

    private func wanted(
        _ filter: ExportFilter,
        of tenant: TenantID,
        among targets: Set<TargetID>?,
        from: Timestamp
    ) -> [SeriesRecord] {
        let types = filter.types.map(Set.init)
        return series.series(of: tenant, among: targets, check: filter.checkID, agent: filter.agentID, since: from)
            .filter { record, _ in types?.contains(record.key.series.type) ?? true }
            .map(\.record)
    }

    private static func send(_ text: [UInt8], to stream: RPCElementWriter<DownloadPiece>) async throws {
        guard !text.isEmpty else { return }
        try await stream.send(DownloadPiece(text: String(decoding: text, as: UTF8.self), rows: 0))
    }

    private static func send(
        _ merge: OldestFirst,
        _ writer: ExportWriter,
        _ reader: QueryReader,
        as tenant: TenantID,
        from: Int64,
        to stream: RPCElementWriter<DownloadPiece>
    ) async throws {
        var merge = merge
        while !merge.isAtEnd {
            let (rest, piece) = try await reader.read(as: tenant) { [merge] rows in
                try Self.piece(merge, writer, rows, from: from)
            }
            merge = rest
            if let piece { try await stream.send(piece) }
        }
    }

    /// The next piece, and what is left; `nil` when none of the rows that were looked at is wanted.
    private static func piece(
        _ merge: OldestFirst,
        _ writer: ExportWriter,
        _ reader: SeriesReader,
        from: Int64
    ) throws -> (rest: OldestFirst, piece: DownloadPiece?) {
        var (merge, writer) = (merge, writer)
        var last: RowPlace?
        try merge.read(from: reader, while: { writer.byteCount < pieceBytes }) { row, record in
            writer.append(row, of: record.key)
            last = RowPlace(timestamp: row.timestamp.microseconds, id: row.id, series: record.id)
        }
        guard let last else { return (merge, nil) }
        let rows = writer.rowCount
        let text = String(decoding: writer.take(), as: UTF8.self)
        return (merge, DownloadPiece(text: text, rows: rows, cursor: ListCursor(after: last, from: from).text))
    }
}

extension ExportFilter {
    /// With what a session says where this says nothing.
    fileprivate func filled(from session: Session) -> Self {
        var filter = self
        filter.from = from ?? session.from
        filter.to = to ?? session.to
        if !session.targetIDs.isEmpty { filter.targetIDs = targetIDs ?? session.targetIDs }
        if !session.types.isEmpty { filter.types = types ?? session.types }
        return filter
    }
}

extension Timestamp {
    /// To the second, and without what some file systems do not take.
    fileprivate var forFileName: String {
        "\(description.prefix(19).filter { $0 != "-" && $0 != ":" })Z"
    }
}
