import Foundation
import Testing

@testable import Simulation

@Suite("A simulated server's connection")
struct ConnectionTests {
    private static let second: UInt64 = 1_000_000_000

    /// A client that loses what it is told to, and puts together what it gets.
    private struct Client {
        var connection: TCPConnection
        var received: [UInt8] = []
        var isEnded = false
        private var next: UInt32 = 501
        private var sequence: UInt32 = 1_001

        init() {
            let request = TCPSegment(flags: .synchronize, sequence: 1_000, acknowledged: 0, maximumSize: 100)
            connection = TCPConnection(request, initial: 500, now: 0)
            _ = connection.receive(acknowledgement, now: 0)
        }

        private var acknowledgement: TCPSegment {
            TCPSegment(flags: .acknowledge, sequence: sequence, acknowledged: next, window: 350)
        }

        /// Sends data; returns what the server says to it.
        mutating func send(_ text: String, now: UInt64 = 0) -> [TCPSegment] {
            var segment = acknowledgement
            segment.data = Array(text.utf8)
            sequence = segment.next
            return connection.receive(segment, now: now)
        }

        /// Takes segments, and acknowledges each.
        mutating func take(_ segments: [TCPSegment], losing lost: Set<Int> = [], now: UInt64 = 0) -> [TCPSegment] {
            var answers: [TCPSegment] = []
            for (index, segment) in segments.enumerated() where !lost.contains(index) {
                if segment.sequence == next {
                    received += segment.data
                    next = segment.next
                    isEnded = isEnded || segment.flags.contains(.finish)
                }
                answers += connection.receive(acknowledgement, now: now) + connection.flush(now: now)
            }
            return answers
        }
    }

    @Test("sends no more than the window and the segments of the peer hold, and the rest when it may")
    func window() {
        var client = Client()
        client.connection.send(Array(repeating: 0x78, count: 1_000))
        client.connection.end()
        var segments = client.connection.flush(now: 0)
        #expect(segments.map(\.data.count) == [100, 100, 100, 50])
        var rounds = 0
        while !segments.isEmpty, rounds < 100 {
            segments = client.take(segments)
            rounds += 1
        }
        #expect(client.received.count == 1_000)
        #expect(client.isEnded)
    }

    @Test("sends again what is lost, later each time, and gives up in the end")
    func retransmission() {
        var client = Client()
        client.connection.send(Array("hello".utf8))
        #expect(client.take(client.connection.flush(now: 0), losing: [0]).isEmpty)
        #expect(client.connection.wakeAt == Self.second)
        #expect(client.take(client.connection.wake(now: Self.second), losing: [0]).isEmpty)
        #expect(client.connection.wakeAt == 3 * Self.second)
        _ = client.take(client.connection.wake(now: 3 * Self.second), now: 3 * Self.second)
        #expect(client.received == Array("hello".utf8))

        client.connection.send(Array("more".utf8))
        _ = client.connection.flush(now: 4 * Self.second)
        var attempts = 0
        while !client.connection.isOver, attempts < 20 {
            _ = client.connection.wake(now: client.connection.wakeAt)
            attempts += 1
        }
        #expect(attempts == 6)
    }

    @Test("bears a peer that takes segments of nothing, and one that takes nothing for a while")
    func stubborn() {
        let request = TCPSegment(flags: .synchronize, sequence: 1_000, acknowledged: 0, maximumSize: 0)
        var connection = TCPConnection(request, initial: 500, now: 0)
        let closed = TCPSegment(flags: .acknowledge, sequence: 1_001, acknowledged: 501, window: 0)
        _ = connection.receive(closed, now: 0)
        connection.send(Array(repeating: 1, count: 100))
        #expect(connection.flush(now: 0).isEmpty)
        #expect(connection.wake(now: Self.second).map(\.data.count) == [1])
        #expect(connection.wakeAt > Self.second)
        let opened = TCPSegment(flags: .acknowledge, sequence: 1_001, acknowledged: 502, window: 500)
        _ = connection.receive(opened, now: 2 * Self.second)
        #expect(connection.flush(now: 2 * Self.second).map(\.data.count) == [48, 48, 3])
    }

    @Test("does not believe a reset of another sequence, nor another request")
    func forgeries() {
        var client = Client()
        _ = client.connection.receive(TCPSegment(flags: .reset, sequence: 7, acknowledged: 0), now: 0)
        #expect(!client.connection.isOver)
        let again = TCPSegment(flags: .synchronize, sequence: 5_000, acknowledged: 0)
        #expect(client.connection.receive(again, now: 0).map(\.flags) == [.acknowledge])
    }

    @Test("takes no more from one that it has answered for the last time")
    func afterEnd() {
        var client = Client()
        let service = HTTPService(status: 204, host: "web")
        _ = client.send("POST / HTTP/1.1\r\n\r\n" + String(repeating: "x", count: 20_000))
        service.serve(&client.connection)
        for _ in 0..<5 {
            _ = client.send(String(repeating: "x", count: 20_000))
            service.serve(&client.connection)
        }
        #expect(client.connection.input.isEmpty)
        var segments = client.connection.flush(now: 0)
        while !segments.isEmpty { segments = client.take(segments) }
        #expect(String(decoding: client.received, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").count == 2)
    }

    @Test("takes data in order, and once")
    func order() {
        var client = Client()
        let first = TCPSegment(flags: .acknowledge, sequence: 1_001, acknowledged: 501, data: [1, 2])
        let second = TCPSegment(flags: .acknowledge, sequence: 1_003, acknowledged: 501, data: [3])
        #expect(client.connection.receive(second, now: 0).map(\.acknowledged) == [1_001])
        #expect(client.connection.receive(first, now: 0).map(\.acknowledged) == [1_003])
        #expect(client.connection.receive(first, now: 0).map(\.acknowledged) == [1_003])
        #expect(client.connection.receive(second, now: 0).map(\.acknowledged) == [1_004])
        #expect(client.connection.input == [1, 2, 3])
    }

    @Test("is over when both sides have ended, when the peer resets it, and when nothing happens for long")
    func ends() {
        var client = Client()
        let end = TCPSegment(flags: [.finish, .acknowledge], sequence: 1_001, acknowledged: 501)
        #expect(client.connection.receive(end, now: 0).map(\.acknowledged) == [1_002])
        let own = client.connection.flush(now: 0)
        #expect(own.map(\.flags) == [[.finish, .acknowledge]])
        #expect(!client.connection.isOver)
        let last = TCPSegment(flags: .acknowledge, sequence: 1_002, acknowledged: 502)
        #expect(client.connection.receive(last, now: 0).isEmpty)
        #expect(client.connection.isOver)

        client = Client()
        _ = client.connection.receive(TCPSegment(flags: .reset, sequence: 1_001, acknowledged: 0), now: 0)
        #expect(client.connection.isOver)

        // Being accepted at the second try counts for nothing later.
        var late = TCPConnection(
            TCPSegment(flags: .synchronize, sequence: 1_000, acknowledged: 0),
            initial: 500,
            now: 0
        )
        #expect(late.wake(now: Self.second).map(\.flags) == [[.synchronize, .acknowledge]])
        _ = late.receive(TCPSegment(flags: .acknowledge, sequence: 1_001, acknowledged: 501), now: Self.second)
        #expect(late.wake(now: 3 * Self.second).isEmpty)
        #expect(!late.isOver)

        client = Client()
        #expect(client.connection.wake(now: Self.second).isEmpty)
        #expect(client.connection.wakeAt == 61 * Self.second)
        #expect(client.connection.wake(now: 61 * Self.second).isEmpty)
        #expect(client.connection.isOver)
    }

    @Test(
        "speaks HTTP",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: web\r\n\r\n", "HTTP/1.1 503 ", true),
            ("HEAD / HTTP/1.1\r\nHost: web\r\n\r\n", "HTTP/1.1 503 ", false),
            ("POST / HTTP/1.1\r\nHost: web\r\n\r\n", "HTTP/1.1 405 ", true),
            ("GET / HTTP/1.1\r\nConnection:close\r\n\r\n", "HTTP/1.1 503 ", true),
            ("GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 503 ", true),
            (String(repeating: "x", count: 20_000), "HTTP/1.1 431 ", true),
        ]
    )
    func http(request: String, status: String, hasBody: Bool) {
        var client = Client()
        // In pieces, as it may come.
        let middle = request.index(request.startIndex, offsetBy: request.count / 2)
        for piece in [request[..<middle], request[middle...]] {
            _ = client.send(String(piece))
            HTTPService(status: 503, host: "web").serve(&client.connection)
        }
        var segments = client.connection.flush(now: 0)
        while !segments.isEmpty { segments = client.take(segments) }
        let text = String(decoding: client.received, as: UTF8.self)
        #expect(text.hasPrefix(status))
        #expect(text.hasSuffix("This is web.\n") == hasBody)
        let closes = text.contains("connection: close")
        #expect(client.isEnded == closes)
    }
}
