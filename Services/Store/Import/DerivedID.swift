import Contracts
import TLS

/// Identifiers that follow from what they stand for, so that a file that names none is the same each time.
///
/// They are UUIDs of version 8 (RFC 9562, section 5.8) made of a SHA-256.
struct DerivedID {
    private let digest: [UInt8]

    /// `kind` keeps apart what is made of the same parts.
    init(_ kind: String, of tenant: TenantID, _ parts: [String]) {
        var message: [UInt8] = []
        for part in [kind, tenant.rawValue] + parts {
            // With its length, so that no two lists of parts make one message.
            message += Array("\(part.utf8.count):".utf8) + Array(part.utf8)
        }
        digest = sha256(message)
    }

    var uuid: UUIDv7 { Self.versioned(word(0), word(8)) }

    /// With the time in front, as ids have that agents make: rows of a series are looked up by both.
    func uuid(at time: Timestamp) -> UUIDv7 {
        let milliseconds = UInt64(time.microseconds / 1_000)
        return Self.versioned(milliseconds << 16 | word(0) & 0xfff, word(8))
    }

    private func word(_ start: Int) -> UInt64 {
        digest[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func versioned(_ high: UInt64, _ low: UInt64) -> UUIDv7 {
        UUIDv7(high: high & ~0xf000 | 0x8000, low: low & ~(3 << 62) | 1 << 63)
    }
}

extension ImportedRow {
    /// The id of a row that has none: from all else that the canonical row has.
    func derivedID(in tenant: TenantID) -> UUIDv7 {
        let latency = row.latency.map { "\($0.bitPattern)" } ?? ""
        let parts = [
            "\(row.timestamp.microseconds)", target, type.rawValue, latency, row.status.name,
            String(decoding: row.metadata, as: UTF8.self), origin,
        ]
        return DerivedID("measurement", of: tenant, parts).uuid(at: row.timestamp)
    }
}
