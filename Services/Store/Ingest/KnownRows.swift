import Contracts
import Database

/// Tells rows that are new from those that were stored before, within one transaction.
///
/// A row that comes after all others of its series, by time and by id, is new without a look. For any other the ids of
/// its series are looked through: in memory, in the chunks around its time and around the time in its id, and among the
/// rows of the transaction itself.
struct KnownRows {
    /// Between the making of a row's id and its timestamp lies less: a probe's longest time, and a queue's.
    static let idDistance: Int64 = 65_000_000
    /// An id that tells of another time than its row by more says nothing of where it was stored.
    private static let believedDistance: Int64 = 600_000_000

    private let connection: any DatabaseConnection
    private let series: SeriesTable
    private let head: Head
    private let packer: RowPacker
    private var marks: [Int: SeriesMark] = [:]
    /// The ids of the transaction's rows.
    private var ownIDs: [Int: [UUIDv7]] = [:]

    init(_ connection: any DatabaseConnection, _ series: SeriesTable, _ head: Head, _ packer: RowPacker) {
        self.connection = connection
        self.series = series
        self.head = head
        self.packer = packer
    }

    /// Of each row whether it is new; of two with one id the first is.
    mutating func areNew(_ rows: MeasurementColumns) throws -> [Bool] {
        var isNew = [Bool](repeating: true, count: rows.count)
        var doubtful: [Int: [Int]] = [:]
        for row in 0..<rows.count {
            let (number, time, id) = (rows.series[row], rows.timestamp[row], rows.id[row])
            let mark = marks[number] ?? mark(number)
            if !mark.isBefore(time, id) { doubtful[number, default: []].append(row) }
            marks[number, default: mark].take(time, id)
        }
        guard !doubtful.isEmpty else { return isNew }
        var ids: [Int: Set<UUIDv7>] = [:]
        for (number, doubts) in doubtful { ids[number] = try knownIDs(of: number, around: doubts, rows) }
        // In order, since the first of two may stand among those without a doubt.
        for row in 0..<rows.count where doubtful[rows.series[row]] != nil {
            isNew[row] = ids[rows.series[row], default: []].insert(rows.id[row]).inserted
        }
        return isNew
    }

    /// Takes note of rows that the transaction writes.
    mutating func add(_ rows: MeasurementColumns) {
        for (row, number) in rows.series.enumerated() { ownIDs[number, default: []].append(rows.id[row]) }
    }

    /// Zero is no series that the table knows.
    private func mark(_ number: Int) -> SeriesMark {
        number <= series.count ? series.mark(number) : SeriesMark()
    }

    private func knownIDs(of number: Int, around doubts: [Int], _ rows: MeasurementColumns) throws -> Set<UUIDv7> {
        var ids = Set(ownIDs[number] ?? [])
        let segments = head.segments
        for span in Self.spans(doubts, rows) {
            for segment in segments { segment.addIDs(of: number, in: span, to: &ids) }
            for day in RollupStep.day.index(of: span.lowerBound)...RollupStep.day.index(of: span.upperBound) {
                let query: SQL = """
                    SELECT numbers FROM chunk WHERE day = \(day) AND series = \(number)
                        AND first <= \(span.upperBound) AND last >= \(span.lowerBound)
                    """
                try connection.query(query) { row in
                    // What cannot be read is shown to nobody, so that a row of it that comes again is not a second one;
                    // and one damaged chunk must not keep out all who send.
                    guard let stored = try? packer.storedNumbers(try row.blob(0)) else { return }
                    ids.formUnion(stored.id)
                }
            }
        }
        return ids
    }

    /// Where the rows may have been stored; neighbours within an hour are one span.
    private static func spans(_ doubts: [Int], _ rows: MeasurementColumns) -> [ClosedRange<Int64>] {
        let spans = doubts.map { row in
            let (time, made) = (rows.timestamp[row], rows.id[row].time.microseconds)
            guard abs(made - time) < believedDistance else { return time...time }
            return min(time, made - idDistance)...max(time, made + idDistance)
        }
        var merged: [ClosedRange<Int64>] = []
        for span in spans.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, span.lowerBound - last.upperBound < 3_600_000_000 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, span.upperBound)
            } else {
                merged.append(span)
            }
        }
        return merged
    }
}
