import Contracts

/// Where on the wall clock's grid a check of an agent fires: a fixed fraction of its interval.
///
/// Checks whose identifiers were made one after another are spread more evenly than chance would: the time and the
/// count within a UUID, in steps of the plastic number, are a low-discrepancy sequence (H. Weyl, 1916; M. Roberts,
/// 2018). Each agent has an offset of its own, so a target does not meet all of them at once.
struct ProbePhase {
    /// 2^64 divided by the plastic number.
    private static let step: UInt64 = 0xc13f_a9a9_02a6_328f

    private let fraction: UInt64

    init(check: CheckID, agent: AgentID) {
        fraction = Self.place(of: check.rawValue) &* Self.step &+ Self.hash(agent.rawValue)
    }

    /// From 0 to `interval - 1`.
    func offset(in interval: Int64) -> Int64 {
        Int64(fraction.multipliedFullWidth(by: UInt64(interval)).high)
    }

    private static func place(of id: String) -> UInt64 {
        guard let uuid = UUIDv7(id) else { return hash(id) }
        return (uuid.high >> 16) << 12 | uuid.high & 0x0fff
    }

    /// FNV-1a with the finalizer of SplitMix64.
    private static func hash(_ text: String) -> UInt64 {
        var hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        return hash ^ hash >> 31
    }
}
