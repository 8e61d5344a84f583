import Contracts
import Database

/// What the rows of one series in a segment of the head change in the database.
struct SeriesFlush: Sendable {
    let series: Int
    /// Up to which cursor the series was in chunks when this was made.
    let flushed: Int
    private(set) var statements: [SQL] = []
    private(set) var rowCount = 0
    /// Of which there are new rows.
    private(set) var days: Set<Int64> = []

    private let tenant: String

    /// Reads what is there, and changes nothing.
    ///
    /// `progress` is of the newest commit there is, of which `flushed` says what will be in chunks.
    init(
        _ segment: HeadSegment,
        _ series: Int,
        _ progress: SeriesProgress,
        tenant: String,
        on connection: any DatabaseConnection,
        _ packer: RowPacker
    ) throws {
        self.tenant = tenant
        self.series = series
        flushed = try connection.flushedCursor(of: series)
        var rows = MeasurementColumns()
        segment.collect(series, after: flushed, into: &rows)
        guard !rows.isEmpty else { return }
        rows = rows.inOrderOfTime()
        rowCount = rows.count
        for day in rows.ranges(of: .day) { try addChunks(rows[day], connection, packer) }
        try addRollups(rows, connection)
        statements.append(try .save(progress, of: series, tenant: tenant, packer))
    }

    private mutating func addChunks(
        _ rows: MeasurementColumns,
        _ connection: any DatabaseConnection,
        _ packer: RowPacker
    ) throws {
        let day = RollupStep.day.index(of: rows.timestamp[0])
        days.insert(day)
        let places = try connection.chunkPlaces(of: series, on: day)
        let merge = try ChunkMerge(rows, on: day, into: places, packer) { try connection.packedRows(of: $0) }
        statements += merge.removed.map(SQL.delete)
        statements += merge.added.map { .insert($0, tenant: tenant) }
    }

    private mutating func addRollups(_ rows: MeasurementColumns, _ connection: any DatabaseConnection) throws {
        var days: [Int64: Rollup] = [:]
        for hour in rows.ranges(of: .hour) {
            var rollup = Rollup()
            for row in hour { rollup.add(rows, row) }
            let start = rows.timestamp[hour.lowerBound]
            try save(rollup, .hour, RollupStep.hour.index(of: start), connection)
            days[RollupStep.day.index(of: start), default: Rollup()].merge(rollup)
        }
        for (index, rollup) in days { try save(rollup, .day, index, connection) }
    }

    private mutating func save(
        _ addition: Rollup,
        _ step: RollupStep,
        _ index: Int64,
        _ connection: any DatabaseConnection
    ) throws {
        var rollup = try connection.rollup(step, of: series, at: index)
        rollup.merge(addition)
        statements.append(.save(rollup, step, of: series, at: index, tenant: tenant))
    }
}

extension MeasurementColumns {
    /// Cut where one step ends and the next begins.
    fileprivate func ranges(of step: RollupStep) -> [Range<Int>] {
        ranges { step.index(of: timestamp[$0]) != step.index(of: timestamp[$1]) }
    }
}
