import Contracts

/// A request's body, and how many samples it has.
struct TelemetryBody: Equatable, Sendable {
    var bytes: [UInt8]
    var samples: Int
}

/// Requests that wait to be sent, oldest first, since receivers want samples in the order of time.
struct TelemetryBacklog: Sendable {
    struct Request: Sendable {
        let number: Int
        /// Of its samples.
        let time: Timestamp
        let body: TelemetryBody
    }

    private(set) var byteCount = 0
    private var requests: [Request] = []
    private var count = 0
    private let maximumBytes: Int

    init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    var first: Request? { requests.first }

    /// Adds requests behind the others; returns how many samples had to go to make room.
    mutating func append(_ bodies: [TelemetryBody], at time: Timestamp) -> Int {
        for body in bodies {
            count += 1
            requests.append(Request(number: count, time: time, body: body))
            byteCount += body.bytes.count
        }
        var lost = 0
        while byteCount > maximumBytes, let oldest = requests.first {
            lost += oldest.body.samples
            remove(oldest)
        }
        return lost
    }

    /// Lets go a request that is done, or that went already.
    mutating func remove(_ request: Request) {
        guard let place = requests.firstIndex(where: { $0.number == request.number }) else { return }
        byteCount -= requests.remove(at: place).body.bytes.count
    }
}
