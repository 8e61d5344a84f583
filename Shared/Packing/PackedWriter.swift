/// Writes numbers in few bytes: whole ones as LEB128, those of either sign zigzag, columns as runs.
public struct PackedWriter: Sendable {
    @usableFromInline var written: [UInt8] = []

    public init(capacity: Int = 0) { written.reserveCapacity(capacity) }

    public var bytes: [UInt8] { written }

    @inlinable
    public mutating func byte(_ value: UInt8) { written.append(value) }

    @inlinable
    public mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            written.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        written.append(UInt8(truncatingIfNeeded: rest))
    }

    @inlinable
    public mutating func number(_ value: Int) { number(UInt64(value)) }

    /// A number of either sign: the nearer to zero, the fewer bytes.
    @inlinable
    public mutating func signed(_ value: Int64) {
        number(UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// Eight bytes, the lowest first.
    @inlinable
    public mutating func fixed(_ value: UInt64) {
        let value = value.littleEndian
        unsafe withUnsafeBytes(of: value) { unsafe written.append(contentsOf: $0) }
    }

    @inlinable
    public mutating func real(_ value: Double) { fixed(value.bitPattern) }

    /// The lowest two bytes, the lowest first.
    @inlinable
    public mutating func word(_ value: UInt64) {
        written.append(UInt8(truncatingIfNeeded: value))
        written.append(UInt8(truncatingIfNeeded: value >> 8))
    }

    /// Bytes behind their number.
    public mutating func data(_ data: [UInt8]) {
        number(data.count)
        written += data
    }

    /// Numbers of which many follow one like them: each run as its value and its length.
    @inlinable
    public mutating func runs(_ values: some Sequence<Int>) {
        var current: (value: Int, length: Int)?
        for value in values {
            if current?.value == value {
                current?.length += 1
            } else {
                if let current { run(current.value, current.length) }
                current = (value, 1)
            }
        }
        if let current { run(current.value, current.length) }
    }

    @inlinable
    mutating func run(_ value: Int, _ length: Int) {
        number(value)
        number(length)
    }
}
