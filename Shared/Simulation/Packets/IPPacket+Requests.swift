import EventLoop

extension IPPacket {
    static func echoRequest(
        from source: IPAddress,
        to destination: IPAddress,
        identifier: Int,
        sequence: Int,
        payload: [UInt8],
        hopLimit: UInt8
    ) -> IPPacket {
        var message: [UInt8] = [source.isV4 ? 8 : 128, 0, 0, 0, 0, 0, 0, 0] + payload
        message.setWord(identifier, at: 4)
        message.setWord(sequence, at: 6)
        return icmp(from: source, to: destination, message, hopLimit: hopLimit)
    }

    static func datagram(
        from source: IPAddress,
        _ sourcePort: UInt16,
        to destination: IPAddress,
        _ destinationPort: UInt16,
        _ data: [UInt8],
        mayBeFragmented: Bool = false
    ) -> IPPacket {
        var datagram: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0] + data
        datagram.setWord(Int(sourcePort), at: 0)
        datagram.setWord(Int(destinationPort), at: 2)
        datagram.setWord(datagram.count, at: 4)
        let sum = pseudoHeaderSum(source, destination, Number.udp, count: datagram.count)
        let checksum = internetChecksum(datagram, adding: sum)
        // Zero would say that there is none.
        datagram.setWord(checksum == 0 ? 0xffff : checksum, at: 6)
        return IPPacket(
            from: source,
            to: destination,
            Number.udp,
            payload: datagram,
            mayBeFragmented: mayBeFragmented
        )
    }

    /// The number of an echo request or reply with this identifier.
    func echoRequestSequence(identifier: Int) -> Int? { sequence(ofType: source.isV4 ? 8 : 128, identifier) }
    func echoReplySequence(identifier: Int) -> Int? { sequence(ofType: source.isV4 ? 0 : 129, identifier) }

    private func sequence(ofType type: UInt8, _ identifier: Int) -> Int? {
        let number = source.isV4 ? Number.icmp : Number.icmp6
        guard protocolNumber == number, !isLaterFragment, payload.count >= 8, payload.first == type,
            bytes.word(at: payloadStart + 4) == identifier
        else { return nil }
        return bytes.word(at: payloadStart + 6)
    }

    /// The packet that a notice is about, and what befell it; `nil` when this is no notice.
    var noticed: (about: IPPacket, ending: SimulatedVantage.Outcome.Ending)? {
        let number = source.isV4 ? Number.icmp : Number.icmp6
        guard protocolNumber == number, !isLaterFragment, payload.count > 8,
            let about = IPPacket(Array(payload.dropFirst(8)), isQuoted: true)
        else { return nil }
        switch (source.isV4, payload[payloadStart], payload[payloadStart + 1]) {
        case (true, 11, _), (false, 3, _): return (about, .hopLimitExceeded)
        case (true, 3, 3), (false, 1, 4): return (about, .refused)
        case (true, 3, 4), (false, 2, _): return (about, .packetTooBig)
        case (true, 3, _), (false, 1, _): return (about, .unreachable)
        default: return nil
        }
    }
}
