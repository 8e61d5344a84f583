extension EchoReply {
    /// Takes the best round trip the readings allow.
    init(_ slot: EchoTable.Slot, receivedMonotonic: UInt64, arrivedRealtime: UInt64) {
        let departure = Departure(
            monotonic: slot.sentMonotonic,
            realtime: slot.sentRealtime,
            kernel: slot.leftRealtime
        )
        let roundTrip = RoundTrip(departure, arrived: arrivedRealtime, read: receivedMonotonic)
        roundTripNanoseconds = roundTrip.nanoseconds
        timeSource = roundTrip.source
        sentAtMicroseconds = slot.sentRealtime / 1_000
    }
}
