/// What the datagrams of a series look like, and what their answers tell.
protocol SeriesForm: Sendable {
    /// Of every datagram.
    var bytes: Int { get }
    /// Appends datagram `number`, from 0, which is sent at a time of CLOCK_REALTIME.
    func append(_ number: Int, at realtime: UInt64, to data: inout [UInt8])
    /// Which datagram it is an answer to; `nil` when it is none.
    func number(of answer: ArraySlice<UInt8>) -> Int?
    /// Takes an answer, or a copy of one, and returns the round trip that it makes.
    mutating func take(_ answer: ArraySlice<UInt8>, to number: Int, isCopy: Bool, _ times: SeriesTimes) -> RoundTrip
}

/// When a datagram left and its answer came.
struct SeriesTimes: Equatable, Sendable {
    var departure: Departure
    /// CLOCK_REALTIME in the kernel; 0 when it gave none.
    var arrived: UInt64
    /// CLOCK_MONOTONIC in this process.
    var read: UInt64

    var roundTrip: RoundTrip { RoundTrip(departure, arrived: arrived, read: read) }
    /// CLOCK_REALTIME of the datagram's departure as exactly as it is known.
    var left: UInt64 { departure.kernel > 0 ? departure.kernel : departure.realtime }
}

/// Datagrams that an echo service sends back: a secret, a number, and zeros.
struct EchoForm: SeriesForm {
    private static let minimumBytes = 12

    let bytes: Int
    private let cookie = UInt64.random(in: .min ... .max)

    init(payloadBytes: Int) {
        bytes = max(Self.minimumBytes, payloadBytes)
    }

    func append(_ number: Int, at realtime: UInt64, to data: inout [UInt8]) {
        data.append(bigEndian: cookie, bytes: 8)
        data.append(bigEndian: UInt64(number), bytes: 4)
        data.append(contentsOf: repeatElement(0, count: bytes - Self.minimumBytes))
    }

    func number(of answer: ArraySlice<UInt8>) -> Int? {
        guard answer.count >= Self.minimumBytes, answer.bigEndian(at: 0, bytes: 8) == cookie else { return nil }
        return Int(answer.bigEndian(at: 8, bytes: 4))
    }

    func take(_ answer: ArraySlice<UInt8>, to number: Int, isCopy: Bool, _ times: SeriesTimes) -> RoundTrip {
        times.roundTrip
    }
}

extension Array where Element == UInt8 {
    mutating func append(bigEndian value: UInt64, bytes count: Int) {
        for shift in stride(from: (count - 1) * 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }
}

extension ArraySlice where Element == UInt8 {
    /// An unsigned number in network order, `offset` bytes behind the slice's beginning.
    func bigEndian(at offset: Int, bytes count: Int) -> UInt64 {
        self[(startIndex + offset)..<(startIndex + offset + count)].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
