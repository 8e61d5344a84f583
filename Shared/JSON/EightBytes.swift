/// Looks at eight bytes of text in one word.
@usableFromInline enum EightBytes {
    /// Sets the high bit of each byte that a JSON string escapes: control characters, quote and backslash.
    ///
    /// Exact for the lowest such byte; a byte above it may be marked by a borrow. Source: Mycroft's test for a zero
    /// byte, applied to the differences.
    @inlinable @inline(__always)
    static func special(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ ones &* 0x22
        let backslash = word ^ ones &* 0x5C
        let control = word &- ones &* 0x20
        return (control & ~word | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash) & 0x8080_8080_8080_8080
    }
}
