import Contracts

/// How a record lies in a segment: marker, length, first row, rows, checksum, and then the payload.
///
/// The marker is eight random bytes that are the segment's own and stand in its name, not in the file: nothing that a
/// target answers with can look like a record. The checksum covers everything else.
struct SpoolFrame: Equatable, Sendable {
    static let headerBytes = 28
    /// Longer than any record that is written: a larger length is a damaged one.
    static let maximumPayloadBytes = 4 << 20

    /// The number of the first row; each row has the number after the one before it.
    var first: Int
    var count: Int
    var payloadBytes: Int

    var rows: Range<Int> { first..<first + count }
    var bytes: Int { Self.headerBytes + payloadBytes }

    /// Puts a record at the end of `writer`.
    static func append(
        rows first: Int,
        count: Int,
        marker: UInt64,
        to writer: inout ByteWriter,
        _ payload: (inout ByteWriter) -> Void
    ) {
        let start = writer.bytes.count
        writer.fixed(marker)
        writer.fixed(UInt32(0))
        writer.fixed(UInt64(first))
        writer.fixed(UInt32(count))
        writer.fixed(UInt32(0))
        payload(&writer)
        writer.replace(at: start + 8, UInt32(writer.bytes.count - start - headerBytes))
        writer.replace(at: start + 24, checksum(writer.bytes[start...]))
    }

    /// The record at the beginning of `bytes`.
    ///
    /// `.incomplete` says how many bytes it would have.
    static func read(_ bytes: ArraySlice<UInt8>, marker: UInt64) -> Finding {
        guard bytes.count >= headerBytes else { return .incomplete(headerBytes) }
        var reader = ByteReader(bytes)
        guard reader.fixed() == marker, let length = reader.fixed(UInt32.self), length <= maximumPayloadBytes,
            let first = reader.fixed(UInt64.self), let count = reader.fixed(UInt32.self),
            let checksum = reader.fixed(UInt32.self), first < 1 << 60
        else { return .damaged }
        let frame = SpoolFrame(first: Int(first), count: Int(count), payloadBytes: Int(length))
        guard bytes.count >= frame.bytes else { return .incomplete(frame.bytes) }
        guard Self.checksum(bytes.prefix(frame.bytes)) == checksum else { return .damaged }
        return .frame(frame)
    }

    enum Finding: Equatable {
        case frame(SpoolFrame)
        case incomplete(Int)
        case damaged
    }

    /// Of all but the marker and the checksum itself.
    private static func checksum(_ record: ArraySlice<UInt8>) -> UInt32 {
        var crc = CRC32C()
        let bytes = record.span
        crc.update(bytes.extracting(8..<24))
        crc.update(bytes.extracting(headerBytes...))
        return crc.value
    }
}

/// What a segment's file is called: the number of its first row, when it was made, and the marker of its records.
struct SegmentName: Equatable, Sendable {
    static let suffix = ".spool1"

    var first: Int
    /// Microseconds since 1970.
    var createdAt: Int64
    var marker: UInt64

    init(first: Int, createdAt: Timestamp, marker: UInt64) {
        self.first = first
        self.createdAt = createdAt.microseconds
        self.marker = marker
    }

    /// `nil` for a file that is no segment.
    init?(_ text: String) {
        let parts = text.dropLast(Self.suffix.count).split(separator: "-").map { UInt64($0, radix: 16) }
        guard text.hasSuffix(Self.suffix), parts.count == 3, let first = parts[0], first < 1 << 60,
            let createdAt = parts[1], createdAt < 1 << 60, let marker = parts[2]
        else { return nil }
        (self.first, self.createdAt, self.marker) = (Int(first), Int64(createdAt), marker)
    }

    var text: String {
        let parts = [UInt64(first), UInt64(max(0, createdAt)), marker].map { number in
            let digits = String(number, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
        return parts.joined(separator: "-") + Self.suffix
    }
}
