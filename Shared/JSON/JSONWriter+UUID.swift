extension JSONWriter {
    /// A UUID as a string of 36 characters, in lowercase.
    @inlinable
    public mutating func uuid(high: UInt64, low: UInt64) {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
        bytes.append(UInt8(ascii: "\""))
        hexadecimal(high, from: 60, through: 32)
        bytes.append(UInt8(ascii: "-"))
        hexadecimal(high, from: 28, through: 16)
        bytes.append(UInt8(ascii: "-"))
        hexadecimal(high, from: 12, through: 0)
        bytes.append(UInt8(ascii: "-"))
        hexadecimal(low, from: 60, through: 48)
        bytes.append(UInt8(ascii: "-"))
        hexadecimal(low, from: 44, through: 0)
        bytes.append(UInt8(ascii: "\""))
    }

    /// The digits of `value` from the one at bit `first` down to the one at bit `last`.
    @inlinable @inline(__always)
    mutating func hexadecimal(_ value: UInt64, from first: UInt64, through last: UInt64) {
        var shift = first
        while true {
            let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
            bytes.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            if shift == last { return }
            shift &-= 4
        }
    }
}
