import Contracts
import Database

/// The log, and what of it must be in chunks and what must not.
struct LogCheck {
    /// The newest rows of the log that are compared with chunks.
    private static let rowLimit = 1_000_000
    private static let commitsAtOnce = 16

    /// Ids and times of rows that their series has in chunks, by series.
    private(set) var moved: [Int: [UUIDv7: Int64]] = [:]
    /// Those that are not in chunks yet.
    private(set) var waiting: [Int: Set<UUIDv7>] = [:]

    private let connection: any DatabaseConnection
    private let packer: RowPacker
    private let seriesCount: Int
    /// Up to which cursor each series is in chunks, and all are.
    private var progress: [Int: Int] = [:]
    private var flushed = 0

    init(_ connection: any DatabaseConnection, _ packer: RowPacker, seriesCount: Int) {
        self.connection = connection
        self.packer = packer
        self.seriesCount = seriesCount
    }

    mutating func run(_ report: inout StoreReport) throws {
        flushed = try connection.flushedCursor()
        for (series, cursor) in try connection.rows(
            "SELECT series, flushed FROM progress",
            { row in (try row[0] as Int, try row[1] as Int) }
        ) { progress[series] = cursor }
        var cursor = try checkCursors(&report)
        while true {
            let commits = try read(after: cursor)
            guard let last = commits.last else { return }
            for commit in commits { take(commit, &report) }
            cursor = last.cursor
        }
    }

    /// Looks at all cursors; returns the one behind which rows are read.
    private func checkCursors(_ report: inout StoreReport) throws -> Int {
        var (next, start): (Int?, Int?) = (nil, nil)
        var newest = 0
        var rows = 0
        let query: SQL = "SELECT cursor, rows FROM event ORDER BY cursor DESC"
        var gaps: [(Int, Int)] = []
        try connection.query(query) { row in
            let cursor: Int = try row[0]
            if let next, next != cursor + 1 { gaps.append((cursor, next)) }
            newest = max(newest, cursor)
            rows += try row[1]
            if rows > Self.rowLimit, start == nil, cursor <= flushed { start = cursor }
            next = cursor
        }
        // Of each tenant the newest commit stays, with nothing around it.
        let pruned = try connection.value("SELECT coalesce(max(cursor), 0) FROM pruned", as: Int.self) ?? 0
        for (before, after) in gaps where after > pruned + 1 {
            report.fault("the log has nothing between commit \(before) and commit \(after)")
        }
        if flushed > newest {
            report.fault("all of the log to commit \(flushed) is in chunks, but it ends with \(newest)")
        }
        for (series, cursor) in progress.sorted(by: { $0.key < $1.key }) where cursor > newest {
            report.fault("series \(series): is in chunks to commit \(cursor), but the log ends with \(newest)")
        }
        if let next, next > flushed + 1 {
            report.fault("the log begins with commit \(next), chunks end with \(flushed)")
        }
        return start ?? (next ?? 1) - 1
    }

    private struct Commit {
        var cursor: Int
        var count: Int
        var rows: MeasurementColumns?
    }

    private func read(after cursor: Int) throws -> [Commit] {
        try connection.rows(
            """
            SELECT cursor, rows, numbers, metadata FROM event WHERE cursor > \(cursor)
            ORDER BY cursor LIMIT \(Self.commitsAtOnce)
            """
        ) { row in
            let packed = PackedRows(numbers: try row.blob(2), metadata: try row.blob(3))
            return Commit(cursor: try row[0], count: try row[1], rows: try? packer.stored(packed))
        }
    }

    private mutating func take(_ commit: Commit, _ report: inout StoreReport) {
        report.commits += 1
        guard let rows = commit.rows, rows.count == commit.count else {
            return report.fault("the rows of commit \(commit.cursor) cannot be read")
        }
        guard rows.series.allSatisfy({ (1...max(1, seriesCount)).contains($0) }) else {
            return report.fault("commit \(commit.cursor) has rows of a series that is none")
        }
        var passedOver: Set<Int> = []
        for row in 0..<rows.count {
            let series = rows.series[row]
            if commit.cursor <= progress[series] ?? 0 {
                if moved[series, default: [:]].updateValue(rows.timestamp[row], forKey: rows.id[row]) != nil {
                    report.fault("series \(series): row \(rows.id[row]) is in the log twice")
                }
                continue
            }
            report.waitingRows += 1
            if !waiting[series, default: []].insert(rows.id[row]).inserted {
                report.fault("series \(series): row \(rows.id[row]) is in the log twice")
            }
            if commit.cursor <= flushed { passedOver.insert(series) }
        }
        for series in passedOver.sorted() {
            report.fault("series \(series): its rows of commit \(commit.cursor) never came into chunks")
        }
    }
}
