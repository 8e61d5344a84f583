/// One end of a connection (RFC 9293): delivers what the peer sends in order, and sends again what the peer does not
/// acknowledge.
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
    /// The peer has ended it by force, or refused it.
    private(set) var isReset = false
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
    private(set) var hasPeerEnded = false
    private(set) var isEstablished = false
    private var window: Int
    private var segmentSize: Int
    private var attempts = 0
    /// Nothing has come since it was last looked at.
    private var isIdle = false
    private let initial: UInt32
    /// Of the end that asked for it: the segments that it takes.
    private let ownSize: Int?

    /// Asks for a connection with `opening`, and takes segments with so many bytes of data.
    init(initial: UInt32, taking ownSize: Int, now: UInt64) {
        self.initial = initial
        self.ownSize = ownSize
        receiveNext = 0
        unacknowledged = initial &+ 1
        window = 0
        segmentSize = Self.defaultSegment
        wakeAt = now + Self.retransmission
    }

    /// Begins with the peer's SYN.
    init(_ request: TCPSegment, initial: UInt32, now: UInt64) {
        self.initial = initial
        ownSize = nil
        receiveNext = request.next
        unacknowledged = initial &+ 1
        window = request.window
        segmentSize = Self.segmentSize(request)
        wakeAt = now + Self.retransmission
    }

    private static func segmentSize(_ segment: TCPSegment) -> Int {
        max(leastSegment, min(segment.maximumSize ?? defaultSegment, largestSegment))
    }

    /// The first segment of this end: what asks for the connection, or what accepts it.
    var opening: TCPSegment {
        guard let ownSize else {
            return TCPSegment(flags: [.synchronize, .acknowledge], sequence: initial, acknowledged: receiveNext)
        }
        return TCPSegment(flags: .synchronize, sequence: initial, acknowledged: 0, maximumSize: ownSize)
    }

    /// What ends the connection by force.
    var abortion: TCPSegment { TCPSegment(flags: .reset, sequence: nextSequence, acknowledged: 0, window: 0) }

    /// Queues bytes; they go with the next `flush`.
    mutating func send(_ bytes: [UInt8]) { output += bytes }

    /// Says that nothing follows what is queued.
    mutating func end() { endsAfterOutput = true }

    /// Takes a segment; returns what is to be sent at once.
    ///
    /// New bytes are in `input` then.
    mutating func receive(_ segment: TCPSegment, now: UInt64) -> [TCPSegment] {
        let isAsking = ownSize != nil && !isEstablished
        guard !segment.flags.contains(.reset) else {
            // Anyone could send one of another sequence (RFC 5961, section 3.2).
            isReset = isAsking ? answersRequest(segment) : segment.sequence == receiveNext
            isOver = isReset
            return []
        }
        isIdle = false
        guard !isAsking else { return open(segment, now: now) }
        if segment.flags.contains(.synchronize) {
            // The answer to a request is nothing that a server has asked for; to a client it comes again when the
            // acknowledgement of the first was lost.
            guard ownSize != nil || segment.isRequest else { return [] }
            return [isEstablished ? acknowledgement : opening]
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

    private func answersRequest(_ segment: TCPSegment) -> Bool {
        segment.flags.contains(.acknowledge) && segment.acknowledged == initial &+ 1
    }

    /// Takes the answer to a request (RFC 9293, section 3.10.7.3).
    private mutating func open(_ segment: TCPSegment, now: UInt64) -> [TCPSegment] {
        guard segment.flags.contains([.synchronize, .acknowledge]), answersRequest(segment) else {
            return segment.flags.contains(.acknowledge) ? [segment.refusal].compactMap { $0 } : []
        }
        receiveNext = segment.next
        window = segment.window
        segmentSize = Self.segmentSize(segment)
        isEstablished = true
        attempts = 0
        wakeAt = now + Self.retransmission
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
        // Whoever asks has nobody yet to send to.
        guard ownSize == nil || isEstablished else { return [] }
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
            return [opening]
        }
        sent = 0
        isEndSent = isEndAcknowledged
        // A peer that takes nothing is asked with one byte whether it does again (RFC 9293, section 3.8.6.1).
        if !output.isEmpty { window = max(window, 1) }
        wakeAt = now + Self.retransmission << UInt64(attempts)
        return flush(now: now)
    }
}
