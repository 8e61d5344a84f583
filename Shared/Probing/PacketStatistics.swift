import Statistics

/// What the packets of one run say together.
struct PacketStatistics: Equatable, Sendable {
    /// Round trips that are written down one by one; further ones count in all else.
    private static let maximumListed = 100

    /// In milliseconds and in the order of sending; `nil` for a packet that was not answered.
    let roundTrips: [Double?]
    private let answered: [Double]

    init(_ roundTrips: [Double?]) {
        self.roundTrips = roundTrips
        answered = roundTrips.compactMap { $0 }
    }

    var sent: Int { roundTrips.count }
    var received: Int { answered.count }

    /// Milliseconds; `nil` when nothing was answered.
    var mean: Double? { answered.isEmpty ? nil : answered.reduce(0, +) / Double(answered.count) }

    /// Milliseconds (RFC 3550, section 6.4.1, of the round trips).
    var jitter: Double {
        var jitter = InterarrivalJitter()
        for roundTrip in answered { jitter.add(transit: roundTrip) }
        return jitter.jitter
    }

    /// How a conversation over this path would be rated; half the round trip is taken for the delay, and twice the
    /// jitter for what a receiver holds back to even it out.
    var opinionScore: Double {
        let loss = sent == 0 ? 0 : Double(sent - received) / Double(sent)
        let delay = (mean ?? 0) / 2 + 2 * jitter
        return EModel.opinionScore(rating: received == 0 ? 0 : EModel.rating(delayMilliseconds: delay, loss: loss))
    }

    /// Writes what a single packet would not tell.
    func write(to metadata: inout ProbeMetadata) {
        guard sent > 1 else { return }
        if let least = answered.min(), let most = answered.max() {
            metadata.milliseconds("min_ms", least)
            metadata.milliseconds("max_ms", most)
            metadata.milliseconds("jitter_ms", jitter)
        }
        metadata.decimal("mos", opinionScore)
        metadata.milliseconds("rtt_ms", Array(roundTrips.prefix(Self.maximumListed)))
    }
}
