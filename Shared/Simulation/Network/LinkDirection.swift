import EventLoop
import Observability

/// One direction of a link: decides what becomes of each packet, from a source of chance of its own.
struct LinkDirection {
    enum Passage: Equatable {
        case lost
        /// The packets that wait would take too long.
        case queueFull
        /// Nanoseconds at which it comes out, and a copy of it perhaps.
        case arrives(UInt64, copy: UInt64?)
    }

    let behaviour: LinkBehaviour
    private var chance: SplitMix64
    /// For faults alone: without one, everything else comes out the same.
    private var misfortune: SplitMix64
    /// When the last packet has been sent whole.
    private var busyUntil: UInt64 = 0
    /// When the last packet that kept its place comes out: those of its flow do not overtake it.
    ///
    /// Flows share places, which costs them a little freedom and bounds the memory.
    private var lastArrivals = [UInt64](repeating: 0, count: 256)

    init(_ behaviour: LinkBehaviour, seed: UInt64) {
        self.behaviour = behaviour
        chance = SplitMix64(seed: seed)
        misfortune = SplitMix64(seed: ~seed)
    }

    /// `flow` is a hash that all packets of a flow have in common.
    mutating func pass(_ bytes: Int, of flow: UInt64, at now: UInt64, _ impairments: [LinkImpairment]) -> Passage {
        var sent = now
        if let rate = behaviour.rate {
            let start = max(now, busyUntil)
            guard start - now <= behaviour.queue.nanoseconds else { return .queueFull }
            sent = start + UInt64(bytes * 8) * 1_000_000_000 / UInt64(rate)
            busyUntil = sent
        }
        // All are asked for each packet, so that what becomes of one does not change another's luck.
        let isLost = chance.unit() < behaviour.loss
        let isCopied = chance.unit() < behaviour.duplication
        let isLate = chance.unit() < behaviour.reordering
        let latency = behaviour.latency.sample(&chance)
        let isHit = impairments.map { misfortune.unit() < $0.loss }.contains(true)
        guard !isLost, !isHit else { return .lost }
        let added = impairments.reduce(0) { $0 + $1.latency.nanoseconds }
        var arrival = sent + latency + added
        if isLate {
            arrival += behaviour.reorderingDelay.nanoseconds
        } else {
            let place = Int(flow % UInt64(lastArrivals.count))
            arrival = max(arrival, lastArrivals[place])
            lastArrivals[place] = arrival
        }
        return .arrives(arrival, copy: isCopied ? arrival : nil)
    }
}

extension LatencyDistribution {
    /// Nanoseconds.
    func sample(_ chance: inout SplitMix64) -> UInt64 {
        switch self {
        case .constant(let value): return value.nanoseconds
        case .uniform(let low, let high):
            return low.nanoseconds + UInt64(chance.unit() * Double((high - low).nanoseconds))
        case .normal(let mean, let deviation):
            let value = Double(mean.nanoseconds) + chance.normal() * Double(deviation.nanoseconds)
            return UInt64(max(value, Double(mean.nanoseconds) / 2))
        case .exponential(let base, let tail):
            return base.nanoseconds + UInt64(-chance.logarithm() * Double(tail.nanoseconds))
        }
    }
}

extension Duration {
    /// Whole nanoseconds of a time that is not negative, as the network counts them.
    var nanoseconds: UInt64 { UInt64(inNanoseconds) }
}
