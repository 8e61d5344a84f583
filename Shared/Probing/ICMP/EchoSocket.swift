import CLinux
import EventLoop
import Glibc

/// One ping or raw socket on one loop, shared by all echoes of an address family.
///
/// Requests are gathered during a loop turn and sent in batches at its end; replies, send times and ICMP errors are
/// read in batches when the loop says so. Who registers it must call `close`.
final class EchoSocket: ReadinessHandler {
    /// Batches sent at the end of one turn; what is left over waits for the next one.
    private static let batchesPerTurn = 4
    private static let receivesPerTurn = 64
    /// From this many requests on, the socket is out of the poller's sight while they are sent.
    ///
    /// Each reply and each departure queued meanwhile would wake the poller in vain, at a tenth of an echo's cost.
    private static let unwatchedFrom = 16

    let loop: EventLoop
    let isRaw: Bool
    private let descriptor: FileDescriptor
    private let raw: clinux_icmp_socket
    private var table: EchoTable
    private var handlers: [(handler: (any EchoHandler)?, tag: Int)]
    private var deadlines: [EchoDeadline] = []
    private var timers: [TimerToken?]
    /// Sequence numbers of what is to be sent.
    private var pending: [UInt16] = []
    private var isFlushDue = false
    /// What the poller tells of; `nil` while the socket is out of its sight.
    private var watched: Readiness?
    /// Nothing can be sent any more.
    private(set) var isClosed = false
    private var nextKey: UInt32 = 0
    private var requests: [clinux_icmp_echo] = []
    private var arrivals: [clinux_icmp_event]
    private var notices: [clinux_icmp_event]
    private(set) var statistics = EchoStatistics()

    init(_ descriptor: consuming FileDescriptor, isV6: Bool, isRaw: Bool, capacity: Int, on loop: EventLoop) {
        self.loop = loop
        self.isRaw = isRaw
        raw = clinux_icmp_socket(
            fd: descriptor.number,
            is_v6: isV6 ? 1 : 0,
            is_raw: isRaw ? 1 : 0,
            identifier: .random(in: 1 ... .max)
        )
        self.descriptor = descriptor
        table = EchoTable(capacity: capacity)
        handlers = Array(repeating: (nil, 0), count: table.slots.count)
        timers = Array(repeating: nil, count: table.slots.count)
        arrivals = Array(repeating: clinux_icmp_event(), count: Int(clinux_icmp_batch))
        notices = arrivals
        requests.reserveCapacity(arrivals.count)
        deadlines = table.slots.indices.map { EchoDeadline(self, slot: $0) }
    }

    func start() throws(SystemError) {
        try loop.register(descriptor.number, for: .read, self)
        watched = .read
    }

    /// Ends every echo in flight and leaves the loop.
    func close(_ failure: EchoFailure = .cancelled) {
        isClosed = true
        loop.unregister(descriptor.number)
        watched = nil
        pending.removeAll()
        for slot in table.slots.indices where table.slots[slot].state == .waiting {
            finish(slot, .failure(failure))
        }
    }

    var inFlight: Int { table.waitingCount }

    /// Queues a request and returns its sequence number; `nil` when as many are in flight as may be.
    func send(
        to address: IPAddress,
        packet: EchoPacket,
        timeoutNanoseconds: UInt64,
        tag: Int,
        _ handler: any EchoHandler
    ) -> UInt16? {
        let (high, low, scope) = address.words
        let inserted = table.insert(
            high: high,
            low: low,
            scope: scope,
            payloadBytes: packet.payloadBytes,
            trafficClass: packet.trafficClass
        )
        guard !isClosed, let slot = inserted else { return nil }
        handlers[slot] = (handler, tag)
        timers[slot] = loop.arm(deadlines[slot], afterNanoseconds: timeoutNanoseconds)
        pending.append(table.slots[slot].sequence)
        flushAtTurnEnd()
        return table.slots[slot].sequence
    }

    /// Ends the echo of `sequence` when it is still in flight.
    func cancel(_ sequence: UInt16) {
        if let slot = waitingSlot(of: sequence) { finish(slot, .failure(.cancelled)) }
    }

    func timedOut(slot: Int) {
        timers[slot] = nil
        finish(slot, .failure(.timeout))
    }

    func ready(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.read, .error]) { receive() }
        if readiness.contains(.write) { flush() }
    }

    private func waitingSlot(of sequence: UInt16) -> Int? {
        let slot = Int(sequence) & (table.slots.count - 1)
        guard table.slots[slot].state == .waiting, table.slots[slot].sequence == sequence else { return nil }
        return slot
    }

    private func finish(_ slot: Int, _ result: EchoResult) {
        if let timer = timers[slot] { loop.disarm(timer) }
        timers[slot] = nil
        let (handler, tag) = handlers[slot]
        handlers[slot].handler = nil
        if case .success = result {
            table.finish(slot, answered: true)
        } else {
            table.finish(slot, answered: false)
        }
        handler?.echoFinished(tag: tag, result)
    }
}

// MARK: Sending

extension EchoSocket {
    private func flushAtTurnEnd() {
        guard !isFlushDue, watched != [.read, .write] else { return }
        isFlushDue = true
        loop.atTurnEnd { [self] in
            isFlushDue = false
            flush()
        }
    }

    private func flush() {
        guard !isClosed else { return }
        if pending.count >= Self.unwatchedFrom { watch(nil) }
        var start = 0
        for _ in 0..<Self.batchesPerTurn where start < pending.count {
            let end = min(start + arrivals.count, pending.count)
            let taken = sendBatch(start..<end)
            start += taken
            // What is answered at once must not pile up in the socket's buffer.
            if taken > 0 { receive() }
            if start < end { break }
        }
        pending.removeFirst(start)
        watch(pending.isEmpty ? .read : [.read, .write])
    }

    private func watch(_ wanted: Readiness?) {
        guard wanted != watched else { return }
        let fd = descriptor.number
        do {
            switch (watched, wanted) {
            case (_, nil): loop.unregister(fd)
            case (nil, let wanted?): try loop.register(fd, for: wanted, self)
            case (_, let wanted?): try loop.modify(fd, for: wanted)
            }
            watched = wanted
        } catch {
            close(.local(errno: error.code))
        }
    }

    /// Sends the requests of `range` and returns how many of them need not be looked at again.
    private func sendBatch(_ range: Range<Int>) -> Int {
        requests.removeAll(keepingCapacity: true)
        for sequence in pending[range] {
            guard let slot = waitingSlot(of: sequence) else { continue }
            requests.append(clinux_icmp_echo(table.slots[slot]))
        }
        var done = 0
        var isRetry = false
        while done < requests.count {
            let count = sendRequests(from: done)
            if count > 0 {
                done += count
                isRetry = false
                continue
            }
            let failure = errno
            if failure == EAGAIN { break }
            restartKeys()
            // A socket with an ICMP error queued fails one send for it, whomever that is for.
            guard isRetry || failure == EINTR else {
                isRetry = true
                continue
            }
            isRetry = false
            if let slot = waitingSlot(of: requests[done].sequence) {
                finish(slot, .failure(EchoFailure(errno: failure)))
            }
            done += 1
        }
        guard done < requests.count else { return range.count }
        let first = requests[done].sequence
        return range.firstIndex { pending[$0] == first }.map { $0 - range.lowerBound } ?? range.count
    }

    private func sendRequests(from start: Int) -> Int {
        let monotonic = clinux_monotonic_nanoseconds()
        let realtime = clinux_realtime_nanoseconds()
        var socket = raw
        let count = unsafe requests.withUnsafeBufferPointer { buffer in
            unsafe clinux_icmp_send(&socket, buffer.baseAddress.map { unsafe $0 + start }, CInt(buffer.count - start))
        }
        guard count > 0 else { return 0 }
        for request in requests[start..<start + Int(count)] {
            if let slot = waitingSlot(of: request.sequence) {
                table.sent(slot, key: nextKey, monotonic: monotonic, realtime: realtime)
            }
            nextKey &+= 1
        }
        statistics.sent += Int(count)
        return Int(count)
    }

    /// After a failed send nobody can say whether the kernel counted it; both sides start again.
    private func restartKeys() {
        receiveNotices()
        _ = clinux_icmp_restart_keys(descriptor.number)
        nextKey = 0
    }
}

// MARK: Receiving

extension EchoSocket {
    private func receive() {
        var count = 0
        var batches = 0
        // Who floods is read on in the next turn, after everybody else.
        repeat {
            batches += 1
            count = receiveBatch(into: &arrivals, fromErrorQueue: false)
            guard count > 0 else { return receiveNotices() }
            let monotonic = clinux_monotonic_nanoseconds()
            // The time a request left is in the error queue before its reply is in the other one.
            receiveNotices()
            for reply in arrivals[..<count] where UInt32(reply.kind) == CLINUX_ICMP_REPLY.rawValue {
                replied(reply, monotonic: monotonic)
            }
        } while count == arrivals.count && batches < Self.receivesPerTurn
    }

    /// Reads the error queue: when requests left, and ICMP errors.
    private func receiveNotices() {
        var count = 0
        repeat {
            count = receiveBatch(into: &notices, fromErrorQueue: true)
            for event in notices[..<count] {
                switch UInt32(event.kind) {
                case CLINUX_ICMP_SENT.rawValue: table.left(key: event.key, atRealtime: event.nanoseconds)
                case CLINUX_ICMP_ERROR.rawValue: failed(event)
                default: break
                }
            }
        } while count == notices.count
    }

    private func receiveBatch(into events: inout [clinux_icmp_event], fromErrorQueue: Bool) -> Int {
        var socket = raw
        let count = unsafe events.withUnsafeMutableBufferPointer { buffer in
            unsafe clinux_icmp_receive(&socket, fromErrorQueue ? 1 : 0, buffer.baseAddress, CInt(buffer.count))
        }
        return max(0, Int(count))
    }

    private func replied(_ event: clinux_icmp_event, monotonic: UInt64) {
        let match = table.matchReply(
            sequence: event.sequence,
            cookie: event.cookie,
            high: event.high,
            low: event.low
        )
        switch match {
        case .waiting(let slot):
            let reply = EchoReply(
                table.slots[slot],
                receivedMonotonic: monotonic,
                arrivedRealtime: event.nanoseconds
            )
            statistics.replies += 1
            if reply.timeSource != .kernel { statistics.inexact += 1 }
            finish(slot, .success(reply))
        case .duplicate: statistics.duplicates += 1
        case .late: statistics.late += 1
        case .stranger: statistics.strangers += 1
        }
    }

    private func failed(_ event: clinux_icmp_event) {
        guard let slot = table.matchError(sequence: event.sequence, high: event.high, low: event.low) else {
            statistics.strangers += 1
            return
        }
        let failure =
            raw.is_v6 == 1
            ? EchoFailure(v6Type: event.type, code: event.code, errno: event.error)
            : EchoFailure(v4Type: event.type, code: event.code, errno: event.error)
        finish(slot, .failure(failure))
    }
}

/// The timer of one slot.
final class EchoDeadline: TimerHandler {
    private unowned let socket: EchoSocket
    private let slot: Int

    init(_ socket: EchoSocket, slot: Int) {
        self.socket = socket
        self.slot = slot
    }

    func timerFired(_ token: TimerToken) {
        socket.timedOut(slot: slot)
    }
}

extension clinux_icmp_echo {
    init(_ slot: EchoTable.Slot) {
        self.init(
            high: slot.high,
            low: slot.low,
            scope: slot.scope,
            sequence: slot.sequence,
            payload_bytes: slot.payloadBytes,
            traffic_class: slot.trafficClass,
            cookie: slot.cookie
        )
    }
}
