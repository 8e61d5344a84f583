import Contracts
import EventLoop
import Testing

@testable import Probing
@testable import Simulation

@Suite("Answers that are not what they seem")
struct ForgedNoticeTests {
    @Test("believes no reply that is shorter than what makes it ours, though a quote may be")
    func shortReply() {
        let packet = TracePacket(mode: .icmp, cookie: 77, sum: 9, identifier: 61_001, isV4: true)
        let bytes = packet.bytes(number: 5, payloadBytes: 32)
        #expect(packet.number(in: bytes.prefix(8)) == 5)
        #expect(packet.number(inReply: bytes.prefix(8)) == nil)
        #expect(packet.number(inReply: bytes.prefix(19)) == nil)
        #expect(packet.number(inReply: bytes) == 5)
    }

    @Test("are told from those to a trace's packets", arguments: [TraceMode.icmp, .udp])
    func recognition(mode: TraceMode) {
        let packet = TracePacket(mode: mode, cookie: 77, sum: 9, identifier: 61_001, isV4: true)
        for number in [UInt16(1), 2, 0x7fff, 0xfffe, 0xffff] {
            let bytes = packet.bytes(number: number, payloadBytes: 32)
            #expect(packet.number(in: bytes) == number)
            #expect(packet.number(in: bytes.prefix(20)) == number)
            #expect(packet.number(in: bytes.prefix(8)) == (mode == .icmp ? number : nil))
            #expect(packet.number(in: bytes.prefix(7)) == nil)
            #expect(packet.number(in: []) == nil)
            for index in bytes.indices.prefix(20) where mode == .udp ? index < 12 : (6..<20).contains(index) {
                var forged = bytes
                forged[index] ^= 0x40
                #expect(packet.number(in: forged) == nil, "byte \(index)")
            }
        }
    }

    @Test(
        "come to packets that have one checksum for all of a flow",
        arguments: [TraceMode.icmp, .udp],
        [true, false]
    )
    func checksum(mode: TraceMode, isV4: Bool) {
        var sums = Set<Int>()
        for run in 0..<50 {
            let cookie = UInt64.random(in: 0 ... .max)
            let packet = TracePacket(mode: mode, cookie: cookie, sum: 0xbeef, identifier: 61_001, isV4: isV4)
            sums.insert(internetChecksum(packet.bytes(number: UInt16(run * 1_307 + 1), payloadBytes: 32)))
        }
        #expect(sums.count == 1)
    }

    @Test(
        "change nothing of what a trace finds",
        .enabled(if: NetworkLoop.isPossible),
        arguments: TraceMode.allCases,
        [false, true]
    )
    func forgeries(mode: TraceMode, isV6: Bool) async throws {
        let names = try await CarriedPaths.run(PathTracerTests.line) { paths, loop in
            let engine = PathEngine(on: loop)
            defer { engine.close() }
            let write = paths.network.deliver
            paths.network.deliver = { bytes, name, time in
                for forged in Self.forgeries(of: bytes) { write(forged, name, time) }
                write(bytes, name, time)
            }
            let target = try #require(paths.address("web", isV6: isV6))
            let trace = try await engine.trace(target, .test(mode) { $0.gap = .zero })
            return trace.hops.map { $0.addresses.map(paths.name) }
        }
        #expect(names == [["r1"], [], ["r3"], ["r4"], ["web"]])
    }

    /// Copies of an ICMP error from somebody else: about another port, another packet, and broken off.
    private static func forgeries(of bytes: [UInt8]) -> [[UInt8]] {
        guard let packet = IPPacket(bytes), let (about, _) = packet.noticed else { return [] }
        let liar = IPAddress(packet.source.isV4 ? "10.66.66.66" : "fd66::66") ?? .any
        let start = 8 + about.payloadStart
        func forge(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
            var message = Array(packet.payload)
            change(&message)
            return IPPacket.icmp(from: liar, to: packet.destination, message).bytes
        }
        // What makes a packet one of ours: ports, an echo's identifier, a request's sequence number, the cookie.
        let isEcho = about.protocolNumber == IPPacket.Number.icmp || about.protocolNumber == IPPacket.Number.icmp6
        let own = isEcho ? [4, 10, 15] : about.protocolNumber == IPPacket.Number.tcp ? [0, 3, 4, 7] : [0, 3, 10, 15]
        return own.map { index in forge { $0[start + index] ^= 0x10 } } + [
            forge { $0.removeLast($0.count - start - 3) },
            forge { $0.removeLast($0.count - 9) },
            forge { ($0[0], $0[1]) = (200, 7) },
        ]
    }
}
