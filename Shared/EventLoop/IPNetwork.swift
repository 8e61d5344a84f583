/// A range of addresses with a common beginning, such as `10.96.0.0/12` or `fd00::/8`.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    public let address: IPAddress
    /// Bits that all of its addresses have in common.
    public let length: Int

    /// An address alone is a network of one.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)), !text.contains("%") else { return nil }
        let bits = address.isV4 ? 32 : 128
        guard parts.count == 2 else {
            self.address = address
            length = bits
            return
        }
        guard let length = Int(parts[1]), (0...bits).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    public func contains(_ other: IPAddress) -> Bool {
        guard address.isV4 == other.isV4 else { return false }
        let (mine, theirs) = (address.bytes, other.bytes)
        let whole = length / 8
        guard mine[..<whole] == theirs[..<whole] else { return false }
        let rest = length % 8
        return rest == 0 || (mine[whole] ^ theirs[whole]) >> UInt8(8 - rest) == 0
    }

    public var description: String { "\(address)/\(length)" }
}
