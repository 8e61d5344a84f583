import Contracts
import Database

/// What the database has that rows of some series go into, read in two round trips: how far each series is, and the
/// chunks and roll-ups of the days and hours that there are rows of.
struct FlushSource {
    struct Span: Hashable {
        var step: RollupStep
        var index: Int64
    }

    /// What is read of one series.
    struct Series {
        let number: Int
        /// Up to which cursor it is in chunks.
        var flushed = 0
        /// The rows after that, in the order of time.
        var rows = MeasurementColumns()
        var places: [Int64: [Chunk.Place]] = [:]
        /// Chunks that are not full, by day and first time.
        var open: [Int64: [Int64: PackedRows]] = [:]
        var rollups: [Span: Rollup] = [:]
    }

    private(set) var series: [Series]
    /// Roll-ups that could not be read, and were made again of the chunks.
    private(set) var remade = 0

    init(
        _ segment: HeadSegment,
        _ numbers: [Int],
        on connection: any DatabaseConnection,
        _ packer: RowPacker
    ) throws {
        series = numbers.map { Series(number: $0) }
        try connection.queryAll(numbers.map(SQL.flushedCursor)) { index, row in
            series[index].flushed = try row[0]
        }
        for index in series.indices {
            var rows = MeasurementColumns()
            segment.collect(series[index].number, after: series[index].flushed, into: &rows)
            series[index].rows = rows.inOrderOfTime()
        }
        try readChunks(connection)
        try readRollups(connection, packer)
    }

    private mutating func readChunks(_ connection: any DatabaseConnection) throws {
        var queries: [SQL] = []
        var subjects: [(series: Int, day: Int64)] = []
        for index in series.indices {
            for range in series[index].rows.ranges(of: .day) {
                let day = RollupStep.day.index(of: series[index].rows.timestamp[range.lowerBound])
                subjects.append((index, day))
                queries.append(.chunks(of: series[index].number, on: day))
            }
        }
        try connection.queryAll(queries) { query, row in
            let (index, day) = subjects[query]
            let place = Chunk.Place(
                day: day,
                series: series[index].number,
                first: try row[0],
                last: try row[1],
                rows: try row[2],
                bytes: try row[3]
            )
            series[index].places[day, default: []].append(place)
            guard !row.isNull(4) else { return }
            let packed = PackedRows(numbers: try row.blob(4), metadata: try row.blob(5))
            series[index].open[day, default: [:]][place.first] = packed
        }
    }

    private mutating func readRollups(_ connection: any DatabaseConnection, _ packer: RowPacker) throws {
        var queries: [SQL] = []
        var subjects: [(series: Int, span: Span)] = []
        for index in series.indices {
            let rows = series[index].rows
            for step in [RollupStep.hour, .day] {
                for range in rows.ranges(of: step) {
                    let span = Span(step: step, index: step.index(of: rows.timestamp[range.lowerBound]))
                    subjects.append((index, span))
                    queries.append(.rollup(step, of: series[index].number, at: span.index))
                }
            }
        }
        var damaged: [(series: Int, span: Span)] = []
        try connection.queryAll(queries) { query, row in
            let (index, span) = subjects[query]
            do {
                series[index].rollups[span] = try Rollup(stored: try row.blob(0))
            } catch let error as DatabaseError where error.code == .corrupt {
                damaged.append((index, span))
            }
        }
        for (index, span) in damaged {
            series[index].rollups[span] = try connection.rollup(of: series[index].number, span, packer)
        }
        remade = damaged.count
    }
}

extension DatabaseConnection {
    /// What the chunks of a series amount to in a span; those that cannot be read say nothing.
    fileprivate func rollup(of series: Int, _ span: FlushSource.Span, _ packer: RowPacker) throws -> Rollup {
        let day = RollupStep.day.index(of: span.step.start(of: span.index))
        var rollup = Rollup()
        try query("SELECT numbers FROM chunk WHERE day = \(day) AND series = \(series) ORDER BY first") { row in
            guard let rows = try? packer.storedNumbers(try row.blob(0)) else { return }
            for row in 0..<rows.count where span.step.index(of: rows.timestamp[row]) == span.index {
                rollup.add(rows, row)
            }
        }
        return rollup
    }
}

extension MeasurementColumns {
    /// Cut where one step ends and the next begins.
    func ranges(of step: RollupStep) -> [Range<Int>] {
        ranges { step.index(of: timestamp[$0]) != step.index(of: timestamp[$1]) }
    }
}
