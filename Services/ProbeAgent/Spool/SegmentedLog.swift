import Contracts
import EventLoop
import Glibc

/// Batches on disk in the order in which they came, each row with a number, until they are acknowledged.
///
/// Every call may block.
final class SegmentedLog {
    struct Limits: Sendable {
        /// Of all segments.
        var bytes: Int
        /// After which a segment is closed; the last record may go beyond.
        var segmentBytes: Int

        /// Sixteen segments at the least, so that what has to go is a small part.
        init(bytes: Int) {
            self.bytes = bytes
            segmentBytes = min(8 << 20, bytes / 16)
        }
    }

    struct Segment {
        /// What a file costs beside what is in it.
        private static let overhead = 4_096

        let name: SegmentName
        /// One more than the number of its last row.
        var end: Int
        var fileBytes: Int

        var rows: Range<Int> { name.first..<end }
        var bytes: Int { fileBytes + Self.overhead }
    }

    let folder: AgentFolder
    private(set) var segments: [Segment]
    private(set) var acknowledged: RowRanges
    /// The number of the next row.
    private(set) var head: Int
    private(set) var bytes: Int
    private let limits: Limits
    private let now: () -> Timestamp
    private let acknowledgedFile: AcknowledgedFile
    /// The last segment while it is written to.
    private var active: DiskFile?
    var readers: [Lane: SegmentReader] = [:]
    /// What was written last, for a reader that comes right behind.
    var fresh: [(rows: Range<Int>, batch: MeasurementBatch)] = []

    /// Opens what is there, with a new segment for what comes: the end of the last one may be torn.
    init(in folder: AgentFolder, _ limits: Limits, now: @escaping () -> Timestamp = { .now }) throws(SystemError) {
        self.folder = folder
        self.limits = limits
        self.now = now
        acknowledgedFile = try AcknowledgedFile(in: folder)
        acknowledged = try acknowledgedFile.read()
        segments = try Self.segments(in: folder)
        head = max(segments.last?.end ?? 0, acknowledged.end)
        bytes = segments.reduce(0) { $0 + $1.bytes }
        // What is older than the oldest segment was done with.
        if let oldest = segments.first { acknowledged.insert(0..<oldest.name.first) }
        try removeAcknowledged()
    }

    /// Rows that are not acknowledged.
    var waiting: Int { head - acknowledged.count(in: 0..<head) }

    /// Writes batches; `false` when there is no room for them.
    ///
    /// When it throws nothing of them counts as written, and the next call begins another segment.
    func append(_ batches: [MeasurementBatch]) throws(SystemError) -> Bool {
        let isNew = active == nil
        let name = isNew ? newName() : segments[segments.count - 1].name
        let numbered = Self.numbered(batches, from: head)
        let records = Self.records(of: numbered, marker: name.marker)
        guard bytes + records.count + (isNew ? 4_096 : 0) <= limits.bytes else { return false }
        do {
            if isNew { try begin(name) }
            try active?.write(records, at: segments[segments.count - 1].fileBytes)
            if folder.isDurable { try active?.sync() }
        } catch {
            abandon()
            throw error
        }
        fresh = numbered
        let last = segments.count - 1
        head = numbered.last?.rows.upperBound ?? head
        segments[last].end = head
        segments[last].fileBytes += records.count
        bytes += records.count
        if segments[last].fileBytes >= limits.segmentBytes { active = nil }
        return true
    }

    /// These rows need not be kept any longer.
    func acknowledge(_ rows: Range<Int>) throws(SystemError) {
        acknowledged.insert(rows)
        // A full disk must not keep what would make room on it.
        let written = Result { () throws(SystemError) in try acknowledgedFile.write(acknowledged) }
        try removeAcknowledged()
        try written.get()
    }

    /// Writes no more to a segment, if it is the one that is written to.
    func finish(_ segment: Segment) {
        if segments.last?.name == segment.name { active = nil }
    }

    /// The oldest segment that is full and not on its way to the store.
    func oldest(without pinned: [Range<Int>]) -> Segment? {
        let full = active == nil ? segments[...] : segments.dropLast()
        return full.first { segment in !pinned.contains { $0.overlaps(segment.rows) } }
    }

    private func newName() -> SegmentName {
        SegmentName(first: head, createdAt: now(), marker: .random(in: 1 ... .max))
    }

    private func begin(_ name: SegmentName) throws(SystemError) {
        let file = try folder.open(name.text, O_WRONLY | O_CREAT | O_EXCL)
        segments.append(Segment(name: name, end: name.first, fileBytes: 0))
        bytes += segments[segments.count - 1].bytes
        active = consume file
        if folder.isDurable { try folder.sync() }
    }

    /// Ends the active segment after a write that failed; without a row it goes, or each try would leave a file.
    private func abandon() {
        guard active != nil else { return }
        let last = segments.count - 1
        // What stays of it is told apart by its rows, which the next segment has too; but it takes room.
        try? active?.truncate(to: segments[last].fileBytes)
        active = nil
        guard segments[last].rows.isEmpty else { return }
        // What cannot be removed now is empty, and goes at the next start.
        try? folder.remove(segments[last].name.text)
        bytes -= segments.removeLast().bytes
    }

    /// Removes the segments that nobody needs; one that cannot be removed keeps no other.
    private func removeAcknowledged() throws(SystemError) {
        var failure: SystemError?
        var index = 0
        while index < segments.count {
            let isActive = active != nil && index == segments.count - 1
            guard !isActive, acknowledged.contains(segments[index].rows) else {
                index += 1
                continue
            }
            do {
                try remove(index)
            } catch {
                failure = error
                index += 1
            }
        }
        if let failure { throw failure }
    }

    private func remove(_ index: Int) throws(SystemError) {
        let segment = segments[index]
        // A segment that is gone without a note that it may be would count as lost.
        if folder.isDurable { try acknowledgedFile.sync() }
        try folder.remove(segment.name.text)
        // A file that is open still takes its room.
        readers = readers.filter { $0.value.name != segment.name }
        bytes -= segment.bytes
        segments.remove(at: index)
    }

    private static func numbered(
        _ batches: [MeasurementBatch],
        from first: Int
    ) -> [(rows: Range<Int>, batch: MeasurementBatch)] {
        var next = first
        return batches.map { batch in
            defer { next += batch.count }
            return (next..<next + batch.count, batch)
        }
    }

    private static func records(
        of batches: [(rows: Range<Int>, batch: MeasurementBatch)],
        marker: UInt64
    ) -> [UInt8] {
        var writer = ByteWriter()
        for (rows, batch) in batches {
            SpoolFrame.append(rows: rows.lowerBound, count: batch.count, marker: marker, to: &writer) { writer in
                BatchPayload.write(batch, to: &writer)
            }
        }
        return writer.bytes
    }

    /// The segments of a folder, oldest first; each ends where the next one begins, and the last is read to its end.
    private static func segments(in folder: AgentFolder) throws(SystemError) -> [Segment] {
        let names = try names(in: folder)
        var segments: [Segment] = []
        for (index, name) in names.enumerated() {
            let end = index + 1 < names.count ? names[index + 1].first : try lastRow(of: name, in: folder)
            let size = try folder.open(name.text, O_RDONLY).size()
            segments.append(Segment(name: name, end: end, fileBytes: size))
        }
        return segments
    }

    /// In the order of their rows.
    ///
    /// Segments of one first row are what failed writes left. Whatever the clock said, the one that holds most comes
    /// last: the others end where it begins, and are done with.
    private static func names(in folder: AgentFolder) throws(SystemError) -> [SegmentName] {
        var names = try folder.names().compactMap(SegmentName.init)
            .sorted { ($0.first, $0.createdAt) < ($1.first, $1.createdAt) }
        for index in names.indices.dropFirst() where names[index - 1].first == names[index].first {
            if try lastRow(of: names[index - 1], in: folder) > lastRow(of: names[index], in: folder) {
                names.swapAt(index - 1, index)
            }
        }
        return names
    }

    private static func lastRow(of name: SegmentName, in folder: AgentFolder) throws(SystemError) -> Int {
        let reader = try SegmentReader(name, in: folder)
        var end = name.first
        while let (frame, _) = try reader.peek() {
            end = max(end, frame.rows.upperBound)
            reader.advance(frame)
        }
        return end
    }
}
