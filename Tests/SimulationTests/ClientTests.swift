import EventLoop
import Testing

@testable import Simulation

@Suite("A simulated client's connection")
struct ClientTests {
    private static let second: UInt64 = 1_000_000_000

    /// Two ends, and what lies between them loses what it is told to.
    private struct Pair {
        var client: TCPConnection
        var server: TCPConnection?
        var now: UInt64 = 0
        /// Numbers of segments that are lost, counted over both ways.
        var lost: Set<Int> = []
        private(set) var count = 0
        private(set) var sizes: [Int] = []

        init(losing lost: Set<Int> = []) {
            self.lost = lost
            client = TCPConnection(initial: 1_000, taking: 100, now: 0)
            toServer([client.opening])
        }

        private mutating func passes() -> Bool {
            count += 1
            return !lost.contains(count)
        }

        mutating func toServer(_ segments: [TCPSegment]) {
            for segment in segments where passes() {
                if server == nil {
                    server = TCPConnection(segment, initial: 500, now: now)
                    toClient([server?.opening].compactMap { $0 })
                } else {
                    toClient(server?.receive(segment, now: now) ?? [])
                }
            }
        }

        mutating func toClient(_ segments: [TCPSegment]) {
            for segment in segments where passes() {
                sizes.append(segment.data.count)
                toServer(client.receive(segment, now: now))
            }
        }

        /// Both send what they may, until nothing moves.
        mutating func flush() {
            while true {
                let (mine, theirs) = (client.flush(now: now), server?.flush(now: now) ?? [])
                guard !mine.isEmpty || !theirs.isEmpty else { return }
                toServer(mine)
                toClient(theirs)
            }
        }

        /// Lets a time come at which either wants to be looked at.
        mutating func wait() {
            now = min(client.wakeAt, server?.wakeAt ?? .max)
            if client.wakeAt <= now { toServer(client.wake(now: now)) }
            if let server, server.wakeAt <= now { toClient(self.server?.wake(now: now) ?? []) }
            flush()
        }
    }

    /// The first is lost, the last of the handshake, of the request, of the answer, of the end, and every third.
    @Test(
        "hears and says all, whatever is lost",
        arguments: [[], [1], [2], [3], [4], [5], [6, 7], [8], [9, 10, 11], Array(stride(from: 3, to: 60, by: 3))]
    )
    func loss(lost: [Int]) throws {
        var pair = Pair(losing: Set(lost))
        var waits = 0
        while pair.server?.isEstablished != true || !pair.client.isEstablished, waits < 20 {
            // The server learns of the connection with the first data if not before.
            if pair.client.isEstablished { break }
            pair.wait()
            waits += 1
        }
        let (request, answer) = ((0..<250).map { UInt8($0) }, (0..<950).map { UInt8(truncatingIfNeeded: $0) })
        pair.client.send(request)
        pair.server?.send(answer)
        pair.flush()
        while pair.client.input.count < answer.count || pair.server?.input.count ?? 0 < request.count, waits < 60 {
            pair.wait()
            waits += 1
        }
        #expect(pair.client.input == answer)
        #expect(pair.server?.input == request)
        #expect(pair.sizes.max() == 100)
        pair.client.end()
        pair.flush()
        while !pair.client.isOver, waits < 90 {
            pair.wait()
            waits += 1
        }
        #expect(pair.client.isOver)
        #expect(!pair.client.isReset)
        #expect(waits < 20)
        if lost.isEmpty { #expect(pair.now == 0 && pair.server?.isOver == true) }
    }

    @Test("asks again after one second, two and four, and gives up in the end")
    func silence() {
        var client = TCPConnection(initial: 7, taking: 1_460, now: 0)
        client.send([1, 2, 3])
        #expect(client.flush(now: 0).isEmpty)
        var times: [UInt64] = []
        while !client.isOver, times.count < 20 {
            times.append(client.wakeAt / Self.second)
            let segments = client.wake(now: client.wakeAt)
            #expect(client.isOver || segments == [client.opening])
        }
        #expect(times == [1, 3, 7, 15, 31, 63])
        #expect(!client.isReset)
    }

    @Test("believes only the answer to what it has asked")
    func forgeries() {
        var client = TCPConnection(initial: 7, taking: 1_460, now: 0)
        #expect(client.receive(TCPSegment(flags: .reset, sequence: 0, acknowledged: 8), now: 0).isEmpty)
        let other = TCPSegment(flags: [.reset, .acknowledge], sequence: 0, acknowledged: 9)
        #expect(client.receive(other, now: 0).isEmpty)
        let stranger = TCPSegment(flags: [.synchronize, .acknowledge], sequence: 50, acknowledged: 99)
        #expect(client.receive(stranger, now: 0).map(\.flags) == [.reset])
        #expect(!client.isOver && !client.isEstablished)
        _ = client.receive(TCPSegment(flags: [.reset, .acknowledge], sequence: 0, acknowledged: 8), now: 0)
        #expect(client.isOver && client.isReset)
    }

    @Test("acknowledges again what accepts it, where the first acknowledgement was lost")
    func acceptedTwice() {
        var client = TCPConnection(initial: 7, taking: 1_460, now: 0)
        let acceptance = TCPSegment(flags: [.synchronize, .acknowledge], sequence: 50, acknowledged: 8)
        let acknowledgement = TCPSegment(flags: .acknowledge, sequence: 8, acknowledged: 51)
        #expect(client.receive(acceptance, now: 0) == [acknowledgement])
        #expect(client.receive(acceptance, now: Self.second) == [acknowledgement])
    }

    // MARK: In a network

    private static let network = """
        vantage here 10.0.0.2
        vantage there 10.0.0.3
        router r1 10.0.0.1
        host web 10.0.1.10 http:80 tcp:25 tcp:22=filtered
        link here r1 latency 1ms
        link there r1 latency 1ms
        link r1 web latency 9ms mtu 1400
        """

    private static func vantage(_ text: String = network) throws -> (SimulatedNetwork, SimulatedVantage) {
        let description = try NetworkDescription(text: text)
        let network = SimulatedNetwork(description)
        return (network, SimulatedVantage(network, at: description.nodes[0]))
    }

    @Test(
        "tells what becomes of it, and when",
        arguments: [
            ("10.0.1.10", UInt16(25), SimulatedConnection.Event.connected, UInt64(20)),
            ("10.0.1.10", 81, .failed(.refused), 20), ("10.0.1.10", 22, .failed(.timeout), 5_000),
            ("10.0.9.9", 80, .failed(.unreachable), 0), ("fd00::1", 80, .failed(.unreachable), 0),
        ]
    )
    func outcomes(address: String, port: UInt16, event: SimulatedConnection.Event, milliseconds: UInt64) throws {
        let (network, vantage) = try Self.vantage()
        var events: [(SimulatedConnection.Event, UInt64)] = []
        let address = try #require(IPAddress(address))
        let connection = vantage.open(to: address, port: port, timeout: .seconds(5)) {
            events.append(($0, network.now / 1_000_000))
        }
        network.run(until: 4 * Self.second)
        connection.send([1])
        network.run(until: 100 * Self.second)
        #expect(events.first?.0 == event)
        #expect(events.first?.1 == milliseconds)
        // A connection that still lasts is told to have timed out, and nothing is told twice.
        #expect(events.count == (event == .connected ? 2 : 1))
        #expect(events.last?.0 == (event == .connected ? .failed(.timeout) : event))
    }

    @Test("says no more once it is closed, and is gone when both ends are")
    func closing() throws {
        let (network, vantage) = try Self.vantage()
        var fates: [PacketFate] = []
        network.record = { fates.append($0) }
        var events: [SimulatedConnection.Event] = []
        let address = try #require(IPAddress("10.0.1.10"))
        let connection = vantage.open(to: address, port: 80, timeout: .seconds(5)) { events.append($0) }
        connection.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        network.run(until: Self.second)
        #expect(events.count == 2)
        connection.close()
        network.run(until: 2 * Self.second)
        let count = fates.count
        network.run(until: 300 * Self.second)
        #expect(fates.count == count)
        #expect(events.count == 2)
    }

    @Test("ends its peer's connection when it is reset, and when nobody knows it any more")
    func resets() throws {
        let (network, vantage) = try Self.vantage(
            Self.network + "\nfault r1 web loss 100% from 10s to 20s"
        )
        var fates: [PacketFate] = []
        network.record = { fates.append($0) }
        let address = try #require(IPAddress("10.0.1.10"))
        let request = Array("GET / HTTP/1.1\r\n\r\n".utf8)
        let first = vantage.open(to: address, port: 80, timeout: .seconds(30)) { _ in }
        network.run(until: Self.second)
        first.reset()
        network.run(until: 2 * Self.second)
        // A handshake of three, and the reset.
        #expect(fates.count == 4)
        #expect(fates.last?.destination == address)
        let count = fates.count
        network.run(until: 8 * Self.second)
        // The other one's answer is lost, and so is its end; what the server sends later finds nobody.
        let second = vantage.open(to: address, port: 80, timeout: .seconds(30)) { _ in }
        network.run(until: 9_985_000_000)
        #expect(fates.count == count + 3)
        second.send(request)
        network.run(until: 15 * Self.second)
        second.reset()
        network.run(until: 400 * Self.second)
        #expect(fates.last?.outcome == .delivered)
        #expect(fates.last?.destination == address)
    }
}
