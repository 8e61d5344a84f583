/// Reads what a `PackedWriter` wrote; throws `.malformed` for anything else, whatever the bytes.
public struct PackedReader: Sendable {
    public let bytes: [UInt8]
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    public var isAtEnd: Bool { position == end }

    @inlinable
    public mutating func byte() throws(PackingError) -> UInt8 {
        guard position < end else { throw Self.cutShort }
        defer { position += 1 }
        return bytes[position]
    }

    @inlinable
    public mutating func number() throws(PackingError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            let next = try byte()
            let part = UInt64(next & 0x7f)
            guard (part << shift) >> shift == part else { break }
            value |= part << shift
            if next < 0x80 { return value }
            shift += 7
        }
        throw PackingError(.malformed, "a number of more than 64 bits")
    }

    /// A number from zero to `limit`.
    @inlinable
    public mutating func count(upTo limit: Int = .max) throws(PackingError) -> Int {
        guard let count = Int(exactly: try number()), count <= limit else {
            throw PackingError(.malformed, "a number is too great")
        }
        return count
    }

    @inlinable
    public mutating func signed() throws(PackingError) -> Int64 {
        let value = try number()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    @inlinable
    public mutating func fixed() throws(PackingError) -> UInt64 {
        guard end - position >= 8 else { throw Self.cutShort }
        defer { position += 8 }
        return unsafe bytes.withUnsafeBytes { buffer in
            unsafe UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        }
    }

    @inlinable
    public mutating func real() throws(PackingError) -> Double { Double(bitPattern: try fixed()) }

    @inlinable
    public mutating func word() throws(PackingError) -> UInt64 {
        let low = try byte()
        return UInt64(low) | UInt64(try byte()) << 8
    }

    public mutating func data() throws(PackingError) -> ArraySlice<UInt8> {
        let count = try count(upTo: end - position)
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// So many numbers, each at most `limit`, made into values.
    @inlinable
    public mutating func runs<Value>(
        _ count: Int,
        upTo limit: Int = .max,
        _ make: (Int) throws(PackingError) -> Value
    ) throws(PackingError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        while values.count < count {
            let value = try make(try self.count(upTo: limit))
            let length = try self.count(upTo: count - values.count)
            guard length > 0 else { throw PackingError(.malformed, "a run of nothing") }
            values.append(contentsOf: repeatElement(value, count: length))
        }
        return values
    }

    @usableFromInline static let cutShort = PackingError(.malformed, "the bytes are cut short")
}
