import EventLoop
import Observability

@testable import Simulation

/// Stands at the vantage point of a simulated network and keeps all that happens.
final class Observer {
    let network: SimulatedNetwork
    private(set) var received: [(packet: IPPacket, time: UInt64)] = []
    private(set) var fates: [PacketFate] = []

    init(_ text: String) throws {
        network = SimulatedNetwork(try NetworkDescription(text: text))
        network.deliver = { [unowned self] bytes, _, time in
            if let packet = IPPacket(bytes) { received.append((packet, time)) }
        }
        network.record = { [unowned self] in fates.append($0) }
    }

    /// Sends from the node `here`, and lets time pass until nothing is under way.
    func send(_ packets: IPPacket...) {
        for packet in packets { network.send(packet.bytes, from: "here") }
        finish()
    }

    func finish() {
        while let next = network.nextEvent, next < 60_000_000_000_000 { network.run(until: next) }
    }

    /// ICMP types of what came.
    var types: [UInt8] { received.map { $0.packet.payload.first ?? 0 } }
    var outcomes: [PacketFate.Outcome] { fates.map(\.outcome) }
}

extension IPPacket {
    static func echo(
        _ source: String,
        _ destination: String,
        sequence: Int = 1,
        bytes: Int = 56,
        hopLimit: UInt8 = 64
    ) -> IPPacket {
        let (source, destination) = (address(source), address(destination))
        var message: [UInt8] = [source.isV4 ? 8 : 128, 0, 0, 0, 0x12, 0x34, 0, 0]
        message.setWord(sequence, at: 6)
        message += (0..<bytes).map { UInt8(truncatingIfNeeded: $0) }
        let number = source.isV4 ? Number.icmp : Number.icmp6
        let start = source.isV4 ? 0 : pseudoHeaderSum(source, destination, number, count: message.count)
        message.setWord(internetChecksum(message, adding: start), at: 2)
        return IPPacket(from: source, to: destination, number, payload: message, hopLimit: hopLimit)
    }

    static func udp(
        _ source: String,
        _ destination: String,
        from: Int,
        to: Int,
        data: [UInt8] = Array("x".utf8)
    ) -> IPPacket {
        var datagram: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0] + data
        datagram.setWord(from, at: 0)
        datagram.setWord(to, at: 2)
        datagram.setWord(datagram.count, at: 4)
        let (source, destination) = (address(source), address(destination))
        let sum = pseudoHeaderSum(source, destination, Number.udp, count: datagram.count)
        datagram.setWord(internetChecksum(datagram, adding: sum), at: 6)
        return IPPacket(from: source, to: destination, Number.udp, payload: datagram)
    }

    static func address(_ text: String) -> IPAddress {
        IPAddress(text) ?? .any
    }
}
