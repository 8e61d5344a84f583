import Glibc

/// An IPv4 or IPv6 address.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    enum Storage: Hashable, Sendable {
        case v4(UInt32)
        case v6(high: UInt64, low: UInt64, scope: UInt32)
    }

    let storage: Storage

    /// `bits` in the host's byte order: 127.0.0.1 is 0x7f000001.
    public init(v4 bits: UInt32) {
        storage = .v4(bits)
    }

    /// Four or sixteen bytes in network order; `nil` for any other count.
    public init?(bytes: [UInt8], scope: UInt32 = 0) {
        switch bytes.count {
        case 4:
            storage = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let high = bytes[..<8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let low = bytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            storage = .v6(high: high, low: low, scope: scope)
        default:
            return nil
        }
    }

    /// Two words in the host's byte order.
    public init(v6 high: UInt64, _ low: UInt64, scope: UInt32 = 0) {
        storage = .v6(high: high, low: low, scope: scope)
    }

    /// Reads dotted-decimal IPv4 with four parts, and IPv6 (RFC 4291) with an optional zone; nothing else.
    public init?(_ text: String) {
        var v4 = in_addr()
        if unsafe inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
            return
        }
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var v6 = in6_addr()
        guard let address = parts.first, unsafe inet_pton(AF_INET6, String(address), &v6) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            scope = unsafe UInt32(parts[1]) ?? if_nametoindex(String(parts[1]))
            guard scope != 0 else { return nil }
        }
        self.init(bytes: unsafe withUnsafeBytes(of: &v6) { unsafe [UInt8]($0) }, scope: scope)
    }

    public var isV4: Bool {
        if case .v4 = storage { true } else { false }
    }

    /// The address as words in the host's byte order; an IPv4 address is its bits in `low`.
    public var words: (high: UInt64, low: UInt64, scope: UInt32) {
        switch storage {
        case .v4(let bits): (0, UInt64(bits), 0)
        case .v6(let high, let low, let scope): (high, low, scope)
        }
    }

    /// Four or sixteen bytes in network order.
    public var bytes: [UInt8] {
        switch storage {
        case .v4(let bits):
            (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * UInt32($0))) }
        case .v6(let high, let low, _):
            [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) } }
        }
    }

    public var description: String {
        var bytes = bytes
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = unsafe inet_ntop(isV4 ? AF_INET : AF_INET6, &bytes, &text, socklen_t(text.count))
        let name = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard case .v6(_, _, let scope) = storage, scope != 0 else { return name }
        return "\(name)%\(scope)"
    }

    public static let loopback = Self(v4: 0x7f00_0001)
    public static let any = Self(v4: 0)
}
