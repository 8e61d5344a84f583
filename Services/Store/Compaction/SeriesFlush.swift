import Contracts
import Database

/// What the rows of one series in a segment of the head change in the database.
struct SeriesFlush: Sendable {
    let series: Int
    /// Up to which cursor the series was in chunks when this was made.
    let flushed: Int
    let rowCount: Int
    private(set) var statements: [SQL] = []
    /// Of which there are new rows.
    private(set) var days: Set<Int64> = []
    /// Chunks that could not be read, beside which rows are put.
    private(set) var damaged = 0

    /// `progress` is of the newest commit there is, of which `flushed` says what will be in chunks; `load` reads a chunk
    /// that is full.
    init(
        _ source: FlushSource.Series,
        _ progress: SeriesProgress,
        tenant: TenantID,
        _ packer: RowPacker,
        load: (Chunk.Place) throws -> PackedRows
    ) throws {
        series = source.number
        flushed = source.flushed
        let rows = source.rows
        rowCount = rows.count
        guard !rows.isEmpty else { return }
        for range in rows.ranges(of: .day) {
            let day = RollupStep.day.index(of: rows.timestamp[range.lowerBound])
            days.insert(day)
            let merge = try ChunkMerge(rows[range], on: day, into: source.places[day] ?? [], packer) { place in
                if let packed = source.open[day]?[place.first] { packed } else { try load(place) }
            }
            damaged += merge.damaged
            statements += merge.removed.map(SQL.delete)
            statements += merge.added.map { .insert($0, tenant: tenant) }
        }
        addRollups(rows, source, tenant)
        statements.append(try .save(progress, of: series, tenant: tenant, packer))
    }

    private mutating func addRollups(_ rows: MeasurementColumns, _ source: FlushSource.Series, _ tenant: TenantID) {
        var rollups = source.rollups
        for range in rows.ranges(of: .hour) {
            var rollup = Rollup()
            for row in range { rollup.add(rows, row) }
            let start = rows.timestamp[range.lowerBound]
            for step in [RollupStep.hour, .day] {
                let span = FlushSource.Span(step: step, index: step.index(of: start))
                rollups[span, default: Rollup()].merge(rollup)
            }
        }
        for (span, rollup) in rollups {
            statements.append(.save(rollup, span.step, of: series, at: span.index, tenant: tenant))
        }
    }
}
