import Contracts
import Database
import Packing
import Statistics

/// The chunks, sums and progress of one series.
struct SeriesCheck {
    /// Whether all rows of a day are kept.
    var isComplete: (_ day: Int64) -> Bool = { _ in true }
    /// Rows that must be in chunks, with their times, and rows that must not.
    var moved: [UUIDv7: Int64] = [:]
    var waiting: Set<UUIDv7> = []

    private let connection: any DatabaseConnection
    private let packer: RowPacker
    private let record: SeriesRecord
    private let name: String
    private let days: [Int64]
    /// What is found in chunks.
    private var ids: Set<UUIDv7> = []
    private var sums: [FlushSource.Span: Rollup] = [:]
    private var newestAt = Int64.min
    private var hasChunks = false
    /// Days of which not all rows could be read.
    private var damagedDays: Set<Int64> = []

    init(
        _ connection: any DatabaseConnection,
        _ packer: RowPacker,
        _ record: SeriesRecord,
        name: String,
        days: [Int64]
    ) {
        self.connection = connection
        self.packer = packer
        self.record = record
        self.name = name
        self.days = days
    }

    mutating func run(_ report: inout StoreReport) throws {
        var last: Int64?
        for day in days {
            for stored in try chunks(on: day) { take(stored, after: &last, &report) }
        }
        try checkRollups(&report)
        try checkProgress(&report)
        checkLog(&report)
    }

    private func canCompare(_ day: Int64) -> Bool { isComplete(day) && !damagedDays.contains(day) }

    private struct StoredChunk {
        var place: Chunk.Place
        var tenant: TenantID
        var rows: MeasurementColumns?
    }

    private func chunks(on day: Int64) throws -> [StoredChunk] {
        try connection.rows(
            """
            SELECT first, last, rows, tenant, numbers, metadata FROM chunk
            WHERE day = \(day) AND series = \(record.id) ORDER BY first
            """
        ) { row in
            let place = Chunk.Place(
                day: day,
                series: record.id,
                first: try row[0],
                last: try row[1],
                rows: try row[2],
                bytes: 0
            )
            let packed = PackedRows(numbers: try row.blob(4), metadata: try row.blob(5))
            return StoredChunk(
                place: place,
                tenant: TenantID(rawValue: try row.text(3)),
                rows: try? packer.stored(packed)
            )
        }
    }

    private mutating func take(_ chunk: StoredChunk, after last: inout Int64?, _ report: inout StoreReport) {
        let place = chunk.place
        let label = "\(name), chunk from \(Timestamp(microseconds: place.first))"
        report.chunks += 1
        hasChunks = true
        newestAt = max(newestAt, place.last)
        if chunk.tenant != record.key.tenant { report.fault("\(label): is another tenant's than its series") }
        if let last, place.first <= last { report.fault("\(label): begins before the one before it ends") }
        last = place.last
        guard let rows = chunk.rows else {
            damagedDays.insert(place.day)
            return report.fault("\(label): its rows cannot be read")
        }
        report.rows += rows.count
        for fault in Self.faults(of: rows, at: place) { report.fault("\(label): \(fault)") }
        for row in 0..<rows.count {
            if !ids.insert(rows.id[row]).inserted { report.fault("\(label): row \(rows.id[row]) is stored twice") }
            for step in [RollupStep.hour, .day] {
                let span = FlushSource.Span(step: step, index: step.index(of: rows.timestamp[row]))
                sums[span, default: Rollup()].add(rows, row)
            }
        }
    }

    private static func faults(of rows: MeasurementColumns, at place: Chunk.Place) -> [String] {
        guard !rows.isEmpty else { return ["it is empty"] }
        var faults: [String] = []
        if rows.count != place.rows { faults.append("has \(rows.count) rows, and says \(place.rows)") }
        if rows.timestamp.min() != place.first || rows.timestamp.max() != place.last {
            faults.append("its first and last time are not those of its rows")
        }
        if RollupStep.day.index(of: place.first) != place.day || RollupStep.day.index(of: place.last) != place.day {
            faults.append("its rows are of another day")
        }
        if rows.series.contains(where: { $0 != place.series }) { faults.append("has rows of another series") }
        let isSorted = (1..<rows.count).allSatisfy {
            (rows.timestamp[$0 - 1], rows.id[$0 - 1]) < (rows.timestamp[$0], rows.id[$0])
        }
        if rows.count > 1, !isSorted { faults.append("its rows are not in the order of time") }
        return faults
    }

    /// Sums are of chunks alone: what waits in the log is in neither.
    private func checkRollups(_ report: inout StoreReport) throws {
        var expected = sums.filter { canCompare($0.key.day) }
        for step in [RollupStep.hour, .day] {
            let query: SQL = """
                SELECT start, rollup FROM rollup WHERE step = \(step.rawValue) AND series = \(record.id) ORDER BY start
                """
            let stored = try connection.rows(query) { row in
                (start: try row[0] as Int64, rollup: try? Rollup(stored: try row.blob(1)))
            }
            for (start, rollup) in stored {
                report.rollups += 1
                let label = "\(name), the \(step) from \(Timestamp(microseconds: start))"
                guard let rollup else {
                    report.fault("\(label): its sum cannot be read")
                    continue
                }
                let span = FlushSource.Span(step: step, index: step.index(of: start))
                guard canCompare(span.day) else { continue }
                let rows = expected.removeValue(forKey: span) ?? Rollup()
                for part in rows.differences(from: rollup) { report.fault("\(label): \(part) not those of its rows") }
            }
        }
        for span in expected.keys {
            let start = Timestamp(microseconds: span.step.start(of: span.index))
            report.fault("\(name), the \(span.step) from \(start): has rows and no sum")
        }
    }

    private func checkProgress(_ report: inout StoreReport) throws {
        let query: SQL = """
            SELECT newest_at, highest_id, numbers, metadata FROM progress WHERE series = \(record.id)
            """
        let progress = try connection.first(query) { row in
            var isReadable = true
            if !row.isNull(2) {
                let packed = PackedRows(numbers: try row.blob(2), metadata: try row.blob(3))
                isReadable = (try? packer.stored(packed)) != nil
            }
            return (newestAt: try row[0] as Int64, highest: row.withBytes(1, UUIDv7.init(bytes:)), isReadable)
        }
        guard let (newest, highest, isReadable) = progress else {
            if hasChunks { report.fault("\(name): has chunks, and nothing says how far they are") }
            return
        }
        if !isReadable { report.fault("\(name): its newest row cannot be read") }
        // By these a row that is sent again is told from a new one.
        if newest < newestAt { report.fault("\(name): has later rows than its newest time says") }
        guard let highest else { return report.fault("\(name): its highest id cannot be read") }
        if let id = ids.max(), id > highest { report.fault("\(name): has higher ids than its highest id says") }
    }

    private func checkLog(_ report: inout StoreReport) {
        for (id, time) in moved where !ids.contains(id) && canCompare(RollupStep.day.index(of: time)) {
            report.fault("\(name): row \(id) is in the log as moved, and in no chunk")
        }
        for id in waiting.intersection(ids) {
            report.fault("\(name): row \(id) is in a chunk, and in the log as not moved yet")
        }
    }
}

extension FlushSource.Span {
    /// The day since 1970 that it is or lies in.
    fileprivate var day: Int64 { RollupStep.day.index(of: step.start(of: index)) }
}

extension Rollup {
    /// What is not the same, but for the variation, which depends on the order in which rows came.
    fileprivate func differences(from other: Rollup) -> [String] {
        var parts: [String] = []
        if (successes, timeouts, errors) != (other.successes, other.timeouts, other.errors) || reasons != other.reasons
        {
            parts.append("its counts are")
        }
        if (sent, received) != (other.sent, other.received) { parts.append("its requests are") }
        if latencies.count != other.latencies.count || latencies.minimum != other.latencies.minimum
            || latencies.maximum != other.latencies.maximum
        {
            parts.append("its latencies are")
        }
        if abs(latencies.sum - other.latencies.sum) > 1e-9 * max(1, abs(latencies.sum)) {
            parts.append("its sum of latencies is")
        }
        if sketch != other.sketch { parts.append("its percentiles are") }
        return parts
    }
}
