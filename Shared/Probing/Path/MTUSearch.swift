/// Looks for the largest packet that reaches a target whole: says which sizes to try, and takes what comes of them.
///
/// Knows no socket and no clock. What a router says of a size is believed of the packet that it is about; the size that
/// it recommends is only tried next, with the one above it. Where routers are silent, several sizes are tried at once,
/// so that a search takes a few timeouts instead of eleven. Sizes are those of IP packets, in bytes.
public struct MTUSearch: Sendable {
    public enum Step: Equatable, Sendable {
        case send(number: UInt16, size: Int)
        case wait(until: UInt64)
        case finished
    }

    private struct Trial {
        var size: Int
        var attempts = 0
        /// Under way, until then.
        var deadline: UInt64?
    }

    /// How a size is known not to pass.
    private enum Failure: Equatable {
        case said
        case silence
        /// This host sends nothing larger.
        case local
    }

    /// Tries of one size before silence says that it does not pass: with a tenth of all lost, one in 10,000 is mistaken.
    private static let attempts = 4
    private static let width = 8
    private static let maximumSent = 2_000
    private static let patience: (factor: UInt64, least: UInt64) = (3, 100_000_000)

    private let least: Int
    private let timeout: UInt64
    private let gap: UInt64
    private var passed = 0
    private var failed = 65_536
    private var failure = Failure.local
    private var largest = 65_535
    private var isConfirmed = false
    private var hint: Int?
    private var trials: [Trial]
    private var sizes: [UInt16: Int] = [:]
    private var number: UInt16 = 0
    private var longestRoundTrip: UInt64 = 0
    private var mayNotSendBefore: UInt64 = 0
    private(set) var sent = 0
    private(set) var received = 0

    /// `timeout` and `gap` in nanoseconds.
    public init(isV4: Bool, timeout: UInt64, gap: UInt64) {
        least = isV4 ? 68 : 1_280
        self.timeout = timeout
        self.gap = gap
        trials = [Trial(size: least), Trial(size: largest)]
    }

    /// What to do now.
    ///
    /// A packet it says to send counts as sent.
    public mutating func step(at now: UInt64) -> Step {
        while true {
            settle(now)
            if trials.isEmpty, !plan() { return .finished }
            guard let index = trials.firstIndex(where: { $0.deadline == nil }) else { break }
            guard now >= mayNotSendBefore else { return .wait(until: mayNotSendBefore) }
            guard sent < Self.maximumSent else { return .finished }
            return send(index, now)
        }
        return .wait(until: trials.compactMap(\.deadline).min() ?? now)
    }

    /// The target has answered.
    public mutating func answered(_ number: UInt16, roundTripNanoseconds: UInt64) {
        guard let size = sizes[number] else { return }
        received += 1
        longestRoundTrip = max(longestRoundTrip, roundTripNanoseconds)
        passed = max(passed, size)
        if failed <= passed {
            // What seemed too big was lost by chance.
            (failed, failure, isConfirmed) = (largest + 1, .local, false)
        }
        drop()
    }

    /// A router says that the packet is too big, and which size is not; 0 when it does not say (RFC 1191, section 4).
    public mutating func tooBig(_ number: UInt16, recommended: Int) {
        guard let size = sizes[number], size > passed else { return }
        if size < failed { (failed, failure) = (size, .said) }
        if recommended > passed, recommended < failed { hint = recommended }
        drop()
    }

    /// This host sends nothing larger than `largest`; 0 when it does not say.
    public mutating func refused(_ number: UInt16, largest: Int) {
        guard let size = sizes[number] else { return }
        sent -= 1
        let limit = largest > 0 && largest < size ? largest : size - 1
        self.largest = min(self.largest, limit)
        if limit + 1 < failed { (failed, failure) = (limit + 1, .local) }
        if limit > passed { hint = limit }
        drop()
    }

    /// Bytes; `nil` when the target answers not even the smallest packets.
    public var mtu: Int? { passed == 0 ? nil : passed }
    public var evidence: PathMTU.Evidence {
        switch failure {
        case .said: .notice
        case .silence: .silence
        case .local: .interface
        }
    }

    // MARK: Trials

    private mutating func send(_ index: Int, _ now: UInt64) -> Step {
        number &+= 1
        sizes[number] = trials[index].size
        // Answers to those before are taken as well: a size that passes does so whenever.
        if sizes.count > 512 { sizes[number &- 512] = nil }
        let patience = longestRoundTrip * Self.patience.factor
        let wait = longestRoundTrip == 0 ? timeout : min(timeout, max(patience, Self.patience.least))
        trials[index].attempts += 1
        trials[index].deadline = now + wait
        mayNotSendBefore = now + gap
        sent += 1
        return .send(number: number, size: trials[index].size)
    }

    /// Forgets trials of which the outcome is known.
    private mutating func drop() {
        trials.removeAll { $0.size <= passed || $0.size >= failed }
    }

    private mutating func settle(_ now: UInt64) {
        for index in trials.indices where trials[index].deadline.map({ $0 <= now }) == true {
            trials[index].deadline = nil
        }
        let lost = trials.filter { $0.deadline == nil && $0.attempts >= Self.attempts }.map(\.size)
        if let least = lost.min(), least < failed { (failed, failure) = (least, .silence) }
        drop()
    }

    /// Chooses what to try next; `false` when there is nothing left to learn.
    private mutating func plan() -> Bool {
        // The smallest packets are not answered, so larger ones say nothing.
        guard passed > 0 else { return false }
        guard failed > passed + 1 else {
            guard failure == .silence, !isConfirmed else { return false }
            isConfirmed = true
            trials = [Trial(size: failed)]
            failed += 1
            return true
        }
        if let hint, hint > passed, hint < failed {
            trials = [Trial(size: hint)]
            if hint + 1 < failed { trials.append(Trial(size: hint + 1)) }
            self.hint = nil
            return true
        }
        let room = failed - passed - 1
        let count = min(room, Self.width)
        trials = (1...count).map { Trial(size: passed + room * $0 / count - (count == room ? 0 : room / (2 * count))) }
        return true
    }
}

/// The largest packet that reaches a target whole.
public struct PathMTU: Equatable, Sendable {
    /// How larger packets are known not to pass.
    public enum Evidence: String, Sendable {
        /// A router said so.
        case notice
        /// Nothing came back: a black hole, where routers do not say so.
        case silence
        /// This host's own interface takes none.
        case interface
    }

    /// Bytes of the IP packet; `nil` when the target answers not even the smallest ones.
    public var bytes: Int?
    public var evidence: Evidence
    public var sent: Int
    public var received: Int
    /// Of the last answer.
    public var roundTripNanoseconds: UInt64?
    public var timeSource: TimeSource?
}
