import EventLoop
import Glibc

/// Which rows need not be sent again, in a file of two halves that are written in turns: one of them is always whole.
///
/// As long as a row is there, its note is not waited for: what is lost of it is sent again, and the store knows those.
final class AcknowledgedFile {
    private static let name = "acknowledged"
    private static let half = 4_096
    private static let magic: UInt32 = 0x314b_4341
    /// As many as fit; rows of later ranges would be sent again.
    private static let maximumRanges = 250

    private let file: DiskFile
    private var generation: UInt64 = 0

    init(in folder: AgentFolder) throws(SystemError) {
        file = try folder.open(Self.name, O_RDWR | O_CREAT)
    }

    /// What the newer half holds; nothing when neither is whole.
    func read() throws(SystemError) -> RowRanges {
        let bytes = try file.read(2 * Self.half, at: 0)
        let halves = [bytes.prefix(Self.half), bytes.dropFirst(Self.half)].compactMap(Self.parse)
        guard let newest = halves.max(by: { $0.generation < $1.generation }) else { return RowRanges() }
        generation = newest.generation
        return newest.rows
    }

    func write(_ rows: RowRanges) throws(SystemError) {
        generation += 1
        var writer = ByteWriter()
        writer.fixed(Self.magic)
        writer.fixed(generation)
        let ranges = rows.ranges.prefix(Self.maximumRanges)
        writer.fixed(UInt32(ranges.count))
        for range in ranges {
            writer.fixed(UInt64(range.lowerBound))
            writer.fixed(UInt64(range.upperBound))
        }
        writer.fixed(CRC32C.of(writer.bytes.span))
        try file.write(writer.bytes, at: Int(generation % 2) * Self.half)
    }

    /// Waits until what was written is on the disk.
    func sync() throws(SystemError) {
        try file.sync()
    }

    private static func parse(_ bytes: ArraySlice<UInt8>) -> (generation: UInt64, rows: RowRanges)? {
        var reader = ByteReader(bytes)
        guard reader.fixed() == magic, let generation = reader.fixed(UInt64.self),
            let count = reader.fixed(UInt32.self), count <= maximumRanges
        else { return nil }
        var rows = RowRanges()
        for _ in 0..<count {
            guard let lower = reader.fixed(UInt64.self), let upper = reader.fixed(UInt64.self), lower <= upper,
                upper < 1 << 60
            else { return nil }
            rows.insert(Int(lower)..<Int(upper))
        }
        let covered = bytes.prefix(16 + 16 * Int(count))
        let checksum = CRC32C.of(covered.span)
        guard reader.fixed() == checksum else { return nil }
        return (generation, rows)
    }
}
