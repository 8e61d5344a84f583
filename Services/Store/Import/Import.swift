import CSV
import Contracts
import JSON
import JSONRPC

/// Answers `measurement.import`: rows of a file go the way of rows that agents send.
struct Import: Sendable {
    let ingest: Ingest
    let series: SeriesTable
    let limits: IngestLimits
    let retention: RetentionTable
    let now: @Sendable () -> Timestamp

    func callAsFunction(_ piece: ImportPiece) async throws -> ImportReport {
        let layout = try ImportLayout(piece.columns, piece.mapping ?? [:])
        let tenant = try Person.ofCall.tenant
        let rows = ImportedRowReader(layout: layout, limits: limits, times: times(of: tenant))
        var report = ImportReport()
        var imported: [ImportedRow] = []
        for record in try records(of: piece) {
            do throws(ImportedRow.Fault) {
                imported.append(try rows.row(record))
            } catch {
                report.refused += 1
                guard report.errors.count < ImportReport.maximumProblems else { continue }
                report.errors.append(.init(line: record.line, field: error.field, message: error.message))
            }
        }
        let batches = try batches(imported, of: tenant, targets: piece.targets ?? [:])
        let outcome = try await piece.dryRun == true ? ingest.look(for: batches) : ingest.store(batches)
        (report.stored, report.duplicates) = (outcome.stored, outcome.duplicates)
        return report
    }

    /// From the first day whose rows are kept: what is older would be gone at once, and counted again each time.
    private func times(of tenant: TenantID) -> ClosedRange<Int64> {
        let now = now()
        let kept = retention.expiredDays(of: tenant, at: now).end(\.rows)
        return max(kept, IngestLimits.earliest)...now.advanced(by: limits.clockAhead).microseconds
    }

    private func records(of piece: ImportPiece) throws(RPCError) -> [CSVRecord] {
        let firstLine = piece.firstLine ?? 2
        try checkNumber(firstLine, "first_line", 1...1 << 53)
        var reader = CSVReader(continuingAt: firstLine)
        var records: [CSVRecord] = []
        do throws(CSVError) {
            try reader.read(piece.text.utf8, into: &records)
            try reader.finish(into: &records)
        } catch {
            let data: JSONValue = ["field": "text", "line": .int(error.line)]
            throw RPCError(.invalidParams, "text is no CSV: \(error)", data: data)
        }
        guard records.count <= ImportPiece.maximumRecords else {
            throw invalid("text", "must have at most \(ImportPiece.maximumRecords) records, has \(records.count)")
        }
        return records
    }

    /// A batch is of one agent.
    private func batches(
        _ rows: [ImportedRow],
        of tenant: TenantID,
        targets: [String: TargetID]
    ) throws(RPCError) -> [IncomingBatch] {
        var finder = ImportSeries(of: tenant, series, targets: targets)
        var batches: [ImportedBatch] = []
        var places: [ImportedBatch.Agent: Int] = [:]
        for row in rows {
            let key = finder.key(of: row)
            let agent = ImportedBatch.Agent(id: key.agentID, origin: key.origin)
            let place = places[agent] ?? batches.count
            if place == batches.count {
                places[agent] = place
                batches.append(ImportedBatch(agent, of: tenant))
            }
            batches[place].append(row, of: key.series)
        }
        var incoming: [IncomingBatch] = []
        for batch in batches {
            incoming.append(try IncomingBatch(importedBy: tenant, batch.batch, limits: limits, now: now()))
        }
        return incoming
    }
}

/// A batch that is made row by row.
private struct ImportedBatch {
    struct Agent: Hashable {
        var id: AgentID
        var origin: String
    }

    let tenant: TenantID
    var batch: MeasurementBatch
    private var indices: [MeasurementSeries: Int] = [:]

    init(_ agent: Agent, of tenant: TenantID) {
        self.tenant = tenant
        batch = MeasurementBatch(agentID: agent.id, origin: agent.origin, series: [], columns: MeasurementColumns())
    }

    mutating func append(_ imported: ImportedRow, of series: MeasurementSeries) {
        let index = indices[series] ?? batch.series.count
        if index == batch.series.count {
            indices[series] = index
            batch.series.append(series)
        }
        var row = imported.row
        if !imported.hasID { row.id = imported.derivedID(in: tenant) }
        batch.columns.append(row, series: index)
    }
}
