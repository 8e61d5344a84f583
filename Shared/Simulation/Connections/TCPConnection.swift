/// The server's side of one connection (RFC 9293): delivers what the peer sends in order, and sends again what the peer
/// does not acknowledge.
///
/// There is no congestion control: what is said here is short, and the link's queue is part of what is to be seen.
struct TCPConnection {
    /// How long the first try of each segment waits; twice as long for each further one (RFC 6298).
    private static let retransmission: UInt64 = 1_000_000_000
    private static let maximumAttempts = 6
    private static let idleTime: UInt64 = 60_000_000_000
    private static let defaultSegment = 536
    /// As Linux: what a peer asks for less than.
    private static let leastSegment = 48
    private static let largestSegment = 1_460

    /// What came and was not taken.
    var input: [UInt8] = []
    /// Nothing is left to be done.
    private(set) var isOver = false
    /// When it wants to be looked at next.
    private(set) var wakeAt: UInt64
    private var receiveNext: UInt32
    /// The first byte that the peer has not acknowledged; those of `output` begin there.
    private var unacknowledged: UInt32
    private var output: [UInt8] = []
    private var sent = 0
    /// Nothing more will be queued.
    private(set) var endsAfterOutput = false
    private var isEndSent = false
    private var isEndAcknowledged = false
    private var hasPeerEnded = false
    private var isEstablished = false
    private var window: Int
    private let segmentSize: Int
    private var attempts = 0
    /// Nothing has come since it was last looked at.
    private var isIdle = false
    private let initial: UInt32

    /// Begins with the peer's SYN.
    init(_ request: TCPSegment, initial: UInt32, now: UInt64) {
        self.initial = initial
        receiveNext = request.next
        unacknowledged = initial &+ 1
        window = request.window
        segmentSize = max(Self.leastSegment, min(request.maximumSize ?? Self.defaultSegment, Self.largestSegment))
        wakeAt = now + Self.retransmission
    }

    private var acceptance: TCPSegment {
        TCPSegment(flags: [.synchronize, .acknowledge], sequence: initial, acknowledged: receiveNext)
    }

    /// Queues bytes; they go with the next `flush`.
    mutating func send(_ bytes: [UInt8]) { output += bytes }

    /// Says that nothing follows what is queued.
    mutating func end() { endsAfterOutput = true }

    /// Takes a segment; returns what is to be sent at once.
    ///
    /// New bytes are in `input` then.
    mutating func receive(_ segment: TCPSegment, now: UInt64) -> [TCPSegment] {
        guard !segment.flags.contains(.reset) else {
            // Anyone could send one of another sequence (RFC 5961, section 3.2).
            isOver = segment.sequence == receiveNext
            return []
        }
        isIdle = false
        if segment.flags.contains(.synchronize) {
            // The answer to a request is nothing that a server has asked for.
            guard segment.isRequest else { return [] }
            return [isEstablished ? acknowledgement : acceptance]
        }
        if !isEstablished { attempts = 0 }
        isEstablished = true
        window = segment.window
        acknowledge(segment, now: now)
        defer { isOver = isEndAcknowledged && hasPeerEnded }
        guard segment.flags.contains(.finish) || !segment.data.isEmpty else { return [] }
        if segment.sequence == receiveNext, !hasPeerEnded {
            attempts = 0
            input += segment.data
            receiveNext = segment.next
            hasPeerEnded = segment.flags.contains(.finish)
            if hasPeerEnded { endsAfterOutput = true }
        }
        // What is not the next is not kept; saying again what is makes the peer send it.
        return [acknowledgement]
    }

    private var acknowledgement: TCPSegment {
        TCPSegment(flags: .acknowledge, sequence: nextSequence, acknowledged: receiveNext)
    }

    private mutating func acknowledge(_ segment: TCPSegment, now: UInt64) {
        guard segment.flags.contains(.acknowledge) else { return }
        let count = Int(segment.acknowledged &- unacknowledged)
        let isEndUnderway = isEndSent && !isEndAcknowledged
        guard count > 0, count <= sent + (isEndUnderway ? 1 : 0) else { return }
        let bytes = min(count, sent)
        isEndAcknowledged = isEndAcknowledged || count > sent
        output.removeFirst(bytes)
        sent -= bytes
        unacknowledged = segment.acknowledged
        attempts = 0
        wakeAt = now + Self.retransmission
    }

    private var nextSequence: UInt32 {
        unacknowledged &+ UInt32(sent) &+ (isEndSent && !isEndAcknowledged ? 1 : 0)
    }

    /// What of the queue may go now.
    mutating func flush(now: UInt64) -> [TCPSegment] {
        var segments: [TCPSegment] = []
        while sent < output.count, sent < window {
            let end = min(output.count, sent + segmentSize, window)
            let sequence = unacknowledged &+ UInt32(sent)
            segments.append(
                TCPSegment(
                    flags: .acknowledge,
                    sequence: sequence,
                    acknowledged: receiveNext,
                    data: Array(output[sent..<end])
                )
            )
            sent = end
        }
        if endsAfterOutput, sent == output.count, !isEndSent {
            segments.append(
                TCPSegment(flags: [.finish, .acknowledge], sequence: nextSequence, acknowledged: receiveNext)
            )
            isEndSent = true
        }
        if !segments.isEmpty { wakeAt = now + Self.retransmission << UInt64(attempts) }
        return segments
    }

    /// The time has come: what waits for too long is sent again, and what waits for ever is given up.
    mutating func wake(now: UInt64) -> [TCPSegment] {
        let isWaiting = !isEstablished || !output.isEmpty || (isEndSent && !isEndAcknowledged)
        guard isWaiting else {
            isOver = isIdle
            isIdle = true
            wakeAt = now + Self.idleTime
            return []
        }
        attempts += 1
        guard attempts < Self.maximumAttempts else {
            isOver = true
            return []
        }
        guard isEstablished else {
            wakeAt = now + Self.retransmission << UInt64(attempts)
            return [acceptance]
        }
        sent = 0
        isEndSent = isEndAcknowledged
        // A peer that takes nothing is asked with one byte whether it does again (RFC 9293, section 3.8.6.1).
        if !output.isEmpty { window = max(window, 1) }
        wakeAt = now + Self.retransmission << UInt64(attempts)
        return flush(now: now)
    }
}
