import EventLoop

/// A short form of one flow's way: sixteen bits a hop, of the address that answered there.
///
/// What was not seen is left open, so that two fingerprints of one way agree whoever was silent, and whichever answers
/// were lost. Written as four hexadecimal digits a hop, `....` for one that is open and a `$` at the target.
public struct PathFingerprint: Equatable, Sendable, CustomStringConvertible {
    /// Zero where nothing is known.
    private var hops: [UInt16]
    /// Whether the last hop is the target, which then stands at every later one as well.
    private var isWhole: Bool

    public init(_ flow: PathTrace.Flow) {
        isWhole = flow.ending == .reached
        hops = flow.path.enumerated().map { index, address in
            flow.unsteadyHops.contains(index + 1) ? 0 : address.map(Self.digest) ?? 0
        }
    }

    /// Reads what `description` writes; `nil` for anything else.
    public init?(_ text: String) {
        var digits = Array(text)
        isWhole = digits.last == "$"
        if isWhole { digits.removeLast() }
        guard digits.count % 4 == 0, digits.count <= 4 * TraceOptions.hopRange.upperBound else { return nil }
        hops = []
        for start in stride(from: 0, to: digits.count, by: 4) {
            let word = String(digits[start..<start + 4])
            guard word == "...." || word.allSatisfy(\.isHexDigit),
                let value = UInt16(word == "...." ? "0" : word, radix: 16)
            else { return nil }
            hops.append(value)
        }
    }

    public var description: String {
        hops.map { hop in
            guard hop != 0 else { return "...." }
            let digits = String(hop, radix: 16)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }.joined() + (isWhole ? "$" : "")
    }

    /// The first hop, from 1, at which two ways differ for certain; `nil` when both may be the same one.
    public func difference(from other: PathFingerprint) -> Int? {
        (0..<max(hops.count, other.hops.count)).first { index in
            let (mine, its) = (self[index], other[index])
            return mine != 0 && its != 0 && mine != its
        }.map { $0 + 1 }
    }

    /// Fills in what another fingerprint of the same way knows.
    mutating func learn(_ other: PathFingerprint) {
        guard !isWhole || other.isWhole && other.hops.count < hops.count else {
            for index in hops.indices where hops[index] == 0 { hops[index] = other[index] }
            return
        }
        let count = other.isWhole ? other.hops.count : max(hops.count, other.hops.count)
        hops = (0..<count).map { self[$0] != 0 ? self[$0] : other[$0] }
        isWhole = isWhole || other.isWhole
    }

    /// No longer tells anything of a hop, from 1.
    mutating func forget(_ hop: Int) {
        if hops.indices.contains(hop - 1) { hops[hop - 1] = 0 }
    }

    private subscript(index: Int) -> UInt16 {
        guard index >= hops.count else { return hops[index] }
        return isWhole ? hops.last ?? 0 : 0
    }

    /// FNV-1a, folded; never 0.
    private static func digest(_ address: IPAddress) -> UInt16 {
        var hash: UInt32 = 0x811c_9dc5
        for byte in address.bytes { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        return max(1, UInt16(truncatingIfNeeded: hash >> 16 ^ hash))
    }
}

/// Tells when the ways of a target's flows change from one trace to the next.
///
/// Remembers what it has learned of each flow's way. A hop that is silent, or whose answer was lost, is no change; nor is
/// a hop that has answered one flow from several addresses, whose routers do not keep flows together. One of these per
/// check; a few hundred bytes a flow.
public struct RouteMemory: Sendable {
    public struct Change: Equatable, Sendable {
        /// From 0.
        public var flow: Int
        /// The first hop that is another one, from 1.
        public var hop: Int
        public var before: PathFingerprint
        public var after: PathFingerprint
    }

    private struct Way {
        var fingerprint: PathFingerprint
        var unsteadyHops: Set<Int>
    }

    private var ways: [Way?] = []
    public private(set) var changes = 0

    public init() {}

    /// Learns from a trace, and returns what is otherwise than before.
    public mutating func learn(_ trace: PathTrace) -> [Change] {
        if ways.count < trace.flows.count {
            ways += Array(repeating: nil, count: trace.flows.count - ways.count)
        }
        let found = trace.flows.enumerated().compactMap { index, flow in
            flow.hasOtherPorts ? nil : learn(index, flow)
        }
        changes += found.count
        return found
    }

    private mutating func learn(_ index: Int, _ flow: PathTrace.Flow) -> Change? {
        var seen = PathFingerprint(flow)
        guard var way = ways[index] else {
            ways[index] = Way(fingerprint: seen, unsteadyHops: flow.unsteadyHops)
            return nil
        }
        way.unsteadyHops.formUnion(flow.unsteadyHops)
        for hop in way.unsteadyHops {
            seen.forget(hop)
            way.fingerprint.forget(hop)
        }
        if let hop = way.fingerprint.difference(from: seen) {
            ways[index] = Way(fingerprint: seen, unsteadyHops: flow.unsteadyHops)
            return Change(flow: index, hop: hop, before: way.fingerprint, after: seen)
        }
        way.fingerprint.learn(seen)
        ways[index] = way
        return nil
    }
}
