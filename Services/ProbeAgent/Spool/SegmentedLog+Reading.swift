import Contracts
import EventLoop

/// Who reads a log: each goes through it at a place of its own.
package enum Lane: Hashable, Sendable {
    /// What has just come.
    case live
    /// What was left behind while the store was away.
    case backlog
}

/// Rows that are gone, and between which times they lay.
struct LostRows: Equatable, Sendable {
    var rows: Int
    var from: Timestamp
    var to: Timestamp
}

extension SegmentedLog {
    struct Reading {
        /// `nil` when none of the rows is left.
        var batch: MeasurementBatch?
        /// What the batch stands for, with those that are gone.
        var rows: Range<Int>
        /// Rows that should have been there and cannot be read: to be reported, and only then acknowledged.
        var lost: [LostRows] = []
        /// Where those are.
        var missing: [Range<Int>] = []
    }

    /// Reads the next rows of `range`, as many as make one batch, and of one segment at most.
    ///
    /// Rows that are acknowledged are left out.
    func read(_ range: Range<Int>, by lane: Lane, maximumRows: Int) throws(SystemError) -> Reading {
        if let reading = takeFresh(range, maximumRows) { return reading }
        return try readDisk(range, by: lane, maximumRows: maximumRows)
    }

    /// What was written last needs no disk to be read from; `nil` when the range begins elsewhere.
    private func takeFresh(_ range: Range<Int>, _ maximumRows: Int) -> Reading? {
        guard fresh.first?.rows.lowerBound == range.lowerBound else { return nil }
        var merger = BatchMerger(maximumRows: maximumRows)
        let count = fresh.prefix { $0.rows.upperBound <= range.upperBound && merger.take($0.batch) }.count
        guard count > 0 else { return nil }
        let rows = range.lowerBound..<fresh[count - 1].rows.upperBound
        fresh.removeFirst(count)
        return acknowledged.count(in: rows) == 0 ? Reading(batch: merger.batch, rows: rows) : nil
    }

    private func readDisk(_ range: Range<Int>, by lane: Lane, maximumRows: Int) throws(SystemError) -> Reading {
        guard let segment = segments.first(where: { $0.end > range.lowerBound && !$0.rows.isEmpty }),
            segment.name.first < range.upperBound
        else { return Reading(rows: range) }
        let start = max(range.lowerBound, segment.name.first)
        let reader = try reader(of: segment.name, for: lane)
        var cursor = SegmentCursor(rows: start..<min(range.upperBound, segment.end), createdAt: segment.name.createdAt)
        var merger = BatchMerger(maximumRows: maximumRows)
        while let (frame, payload) = try reader.peek(), frame.first < cursor.rows.upperBound {
            if frame.rows.upperBound > cursor.rows.lowerBound, !acknowledged.contains(frame.rows),
                let batch = BatchPayload.read(payload), batch.count == frame.count
            {
                guard merger.take(batch) else { break }
                cursor.found(frame.rows, batch.columns.timestamp, acknowledged)
            }
            reader.advance(frame)
            if merger.batch.map({ $0.count >= maximumRows }) ?? false { break }
        }
        if try reader.peek().map({ $0.frame.first >= cursor.rows.upperBound }) ?? true {
            cursor.reachedEnd(acknowledged)
        }
        return Reading(
            batch: merger.batch,
            rows: range.lowerBound..<cursor.rows.lowerBound,
            lost: cursor.lost,
            missing: cursor.missing
        )
    }

    /// What would go with a segment, and when it was.
    ///
    /// A segment that cannot be read has the time at which it was begun.
    func contents(of segment: Segment) -> LostRows? {
        let count = segment.rows.count - acknowledged.count(in: segment.rows)
        guard count > 0 else { return nil }
        let times = (try? times(of: segment)) ?? []
        let created = Timestamp(microseconds: segment.name.createdAt)
        return LostRows(rows: count, from: times.min() ?? created, to: times.max() ?? created)
    }

    private func times(of segment: Segment) throws(SystemError) -> [Timestamp] {
        let reader = try SegmentReader(segment.name, in: folder)
        var times: [Timestamp] = []
        while let (frame, payload) = try reader.peek() {
            reader.advance(frame)
            guard frame.first < segment.end, !acknowledged.contains(frame.rows),
                let columns = BatchPayload.read(payload)?.columns
            else { continue }
            times += [columns.timestamp.min(), columns.timestamp.max()].compactMap { time in
                time.map(Timestamp.init(microseconds:))
            }
        }
        return times
    }

    private func reader(of name: SegmentName, for lane: Lane) throws(SystemError) -> SegmentReader {
        if let reader = readers[lane], reader.name == name { return reader }
        let reader = try SegmentReader(name, in: folder)
        readers[lane] = reader
        return reader
    }
}

/// How far one reading has come, and what it did not find on the way.
private struct SegmentCursor {
    /// What is still to be read.
    private(set) var rows: Range<Int>
    private(set) var missing: [Range<Int>] = []
    private(set) var lost: [LostRows] = []
    private var time: Timestamp

    init(rows: Range<Int>, createdAt: Int64) {
        self.rows = rows
        time = Timestamp(microseconds: createdAt)
    }

    mutating func found(_ found: Range<Int>, _ timestamps: [Int64], _ known: RowRanges) {
        let first = timestamps.min().map(Timestamp.init(microseconds:)) ?? time
        skip(to: found.lowerBound, before: max(time, first), known)
        rows = min(found.upperBound, rows.upperBound)..<rows.upperBound
        time = timestamps.max().map(Timestamp.init(microseconds:)) ?? time
    }

    mutating func reachedEnd(_ known: RowRanges) {
        skip(to: rows.upperBound, before: time, known)
    }

    private mutating func skip(to row: Int, before next: Timestamp, _ known: RowRanges) {
        guard row > rows.lowerBound else { return }
        let gone = known.missing(in: rows.lowerBound..<row)
        missing += gone
        let count = gone.reduce(0) { $0 + $1.count }
        if count > 0 { lost.append(LostRows(rows: count, from: time, to: next)) }
        rows = row..<rows.upperBound
    }
}
