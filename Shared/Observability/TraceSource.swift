import Synchronization

/// Begins traces and spans; their numbers need to be distinct, not secret.
public final class TraceSource: Sendable {
    private let generator: Mutex<SplitMix64>

    public init() {
        generator = Mutex(SplitMix64(seed: .random(in: 0...UInt64.max)))
    }

    public func new() -> TraceContext {
        generator.withLock { TraceContext.random(using: &$0) }
    }

    /// A span for a call that is part of `trace`, or of a trace that begins here.
    public func child(of trace: TraceContext?) -> TraceContext {
        generator.withLock { generator in
            trace?.child(using: &generator) ?? .random(using: &generator)
        }
    }
}

/// A fast generator with 64 bits of state (Steele, Lea and Flood, 2014); repeatable from its seed.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
