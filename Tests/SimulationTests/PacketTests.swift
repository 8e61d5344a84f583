import EventLoop
import Observability
import Testing

@testable import Simulation

@Suite("Packets")
struct PacketTests {
    private static func segment(_ flags: TCPFlags, to port: Int, sequence: UInt32 = 1_000, data: Int = 0) -> IPPacket {
        var segment = [UInt8](repeating: 0, count: 20 + data)
        segment.setWord(4_000, at: 0)
        segment.setWord(port, at: 2)
        segment.setDoubleWord(sequence, at: 4)
        segment.setDoubleWord(77, at: 8)
        segment[12] = 5 << 4
        segment[13] = flags.rawValue
        return IPPacket(from: .init(v4: 0x0a00_0002), to: .init(v4: 0x0a00_0001), IPPacket.Number.tcp, payload: segment)
    }

    private static func answer(_ packet: IPPacket, isOpen: Bool) -> (
        flags: TCPFlags, sequence: UInt32, acknowledged: UInt32
    )? {
        guard let ports = Ports(packet), let answer = packet.tcpAnswer(ports, isOpen: isOpen, seed: 1) else {
            return nil
        }
        #expect(answer.isSound)
        let start = answer.payloadStart
        return (
            TCPFlags(rawValue: answer.bytes[start + 13]), answer.bytes.doubleWord(at: start + 4),
            answer.bytes.doubleWord(at: start + 8)
        )
    }

    @Test("of a connection are accepted, acknowledged and closed by an open port")
    func open() throws {
        let opened = try #require(Self.answer(Self.segment(.synchronize, to: 80), isOpen: true))
        #expect(opened.flags == [.synchronize, .acknowledge])
        #expect(opened.acknowledged == 1_001)
        #expect(Self.answer(Self.segment(.acknowledge, to: 80, sequence: 1_001), isOpen: true) == nil)
        let data = try #require(Self.answer(Self.segment(.acknowledge, to: 80, sequence: 1_001, data: 5), isOpen: true))
        #expect((data.flags, data.sequence, data.acknowledged) == (.acknowledge, opened.sequence &+ 1, 1_006))
        let closed = try #require(
            Self.answer(Self.segment([.finish, .acknowledge], to: 80, sequence: 1_006), isOpen: true)
        )
        #expect((closed.flags, closed.sequence) == ([.finish, .acknowledge], opened.sequence &+ 1))
        #expect(closed.acknowledged == 1_007)
        #expect(Self.answer(Self.segment(.reset, to: 80), isOpen: true) == nil)
    }

    @Test("for a closed port are refused")
    func closed() throws {
        let refused = try #require(Self.answer(Self.segment(.synchronize, to: 81), isOpen: false))
        #expect((refused.flags, refused.sequence, refused.acknowledged) == ([.reset, .acknowledge], 0, 1_001))
        let stray = try #require(Self.answer(Self.segment(.acknowledge, to: 81), isOpen: false))
        #expect((stray.flags, stray.sequence) == (.reset, 77))
    }

    @Test("that are broken are none")
    func broken() {
        let packet = IPPacket.echo("10.0.0.2", "10.0.0.1").bytes
        for count in 0..<packet.count { #expect(IPPacket(Array(packet[..<count])) == nil) }
        let longer = IPPacket.echo("fd00::2", "fd00::1").bytes
        for count in 0..<longer.count { #expect(IPPacket(Array(longer[..<count])) == nil) }
        #expect(IPPacket(packet + [0]) == nil)
        #expect(IPPacket([0x55] + packet.dropFirst()) == nil)
        #expect(IPPacket([0x41] + packet.dropFirst()) == nil)
    }

    @Test("with mistakes in them stop nobody")
    func mistakes() throws {
        let observer = try Observer("vantage here 10.0.0.2\nhost web 10.0.0.1 tcp:80 udp:7=echo\nlink here web")
        var random = SplitMix64(seed: 5)
        let originals = [
            IPPacket.echo("10.0.0.2", "10.0.0.1"), .udp("10.0.0.2", "10.0.0.1", from: 1, to: 7),
            Self.segment(.synchronize, to: 80), Self.segment(.acknowledge, to: 80, data: 9),
        ]
        for _ in 0..<20_000 {
            var bytes = originals.randomElement(using: &random)?.bytes ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            observer.network.send(bytes, from: "here")
        }
        observer.finish()
        observer.send(.echo("10.0.0.2", "10.0.0.1", sequence: 4_711))
        #expect(observer.received.last?.packet.bytes.word(at: 26) == 4_711)
    }

    @Test("have the checksums of RFC 1071's example")
    func checksum() {
        #expect(internetChecksum([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]) == ~0xddf2 & 0xffff)
    }

    @Test("about errors are answered by none")
    func errors() {
        let notice = IPPacket.echo("10.0.0.2", "10.0.0.1").notice(.hopLimitExceeded, from: .init(v4: 0x0a00_0001))
        #expect(notice != nil)
        #expect(notice?.notice(.hopLimitExceeded, from: .init(v4: 0x0a00_0009)) == nil)
    }
}
