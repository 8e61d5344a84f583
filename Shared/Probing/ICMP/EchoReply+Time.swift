extension EchoReply {
    /// Clocks may differ by this much and still be believed.
    private static let slackNanoseconds: UInt64 = 1_000_000

    /// Takes the best round trip the readings allow.
    ///
    /// The kernel's times are of the wall clock. A pair that says more than the monotonic clock saw pass in this
    /// process (the wall clock was set meanwhile) is not believed.
    init(_ slot: EchoTable.Slot, receivedMonotonic: UInt64, arrivedRealtime: UInt64) {
        let elapsed = receivedMonotonic &- slot.sentMonotonic
        func span(from start: UInt64) -> UInt64? {
            guard start > 0, arrivedRealtime >= start else { return nil }
            let span = arrivedRealtime - start
            return span <= elapsed + Self.slackNanoseconds ? span : nil
        }
        sentAtMicroseconds = slot.sentRealtime / 1_000
        if let exact = span(from: slot.leftRealtime) {
            roundTripNanoseconds = exact
            timeSource = .kernel
        } else if let half = span(from: slot.sentRealtime) {
            roundTripNanoseconds = half
            timeSource = .kernelReceive
        } else {
            roundTripNanoseconds = elapsed
            timeSource = .user
        }
    }
}
