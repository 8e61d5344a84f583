/// Cuts bytes that come in pieces of any size into lines, which end with a line feed.
public struct LineBuffer {
    private var bytes: [UInt8] = []
    /// Bytes before this are taken.
    private var start = 0
    /// Bytes from `start` on that are known to hold no line feed.
    private var searched = 0

    public init() {}

    /// Bytes that are not taken: what a line may grow to before somebody objects.
    public var count: Int { bytes.count - start }

    public mutating func append(_ more: [UInt8]) {
        bytes.append(contentsOf: more)
    }

    /// The next whole line without its end; `nil` while there is none.
    public mutating func takeLine() -> [UInt8]? {
        guard let end = bytes[(start + searched)...].firstIndex(of: UInt8(ascii: "\n")) else {
            if start > 0 { bytes.removeFirst(start) }
            (start, searched) = (0, bytes.count)
            return nil
        }
        defer { (start, searched) = (end + 1, 0) }
        return Array(bytes[start..<end])
    }

    /// What stands behind the last line feed; `nil` for nothing.
    public mutating func takeRest() -> [UInt8]? {
        defer { self = Self() }
        return count > 0 ? Array(bytes[start...]) : nil
    }
}
