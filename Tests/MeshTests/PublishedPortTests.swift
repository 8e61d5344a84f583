import EventLoop
import TestServers
import Testing

@testable import CLIService

@Suite("Published port", .timeLimit(.minutes(5)))
struct PublishedPortTests {
    @Test("brings everything both ways, however much it is, on several connections at once")
    func relay() async throws {
        let echo = try await EchoProgram()
        defer { echo.stop() }
        let loop = try EventLoop(name: "published")
        try loop.start()
        defer { loop.stop() }
        let listener = try TCPSocket.listen(on: SocketAddress(.loopback, port: 0))
        let port = try TCPSocket.localAddress(of: listener).port
        let outside = PublishedListener(listener)
        let published = try await withTaskExecutorPreference(loop) {
            LoopBound(try #require(try outside.publish(echo.port, on: loop)), on: loop)
        }
        try await withThrowingTaskGroup { group in
            for _ in 0..<3 {
                group.addTask { try EchoProgram.roundTrip(of: 3_000_000, by: port) }
            }
            try await group.waitForAll()
        }
        await withTaskExecutorPreference(loop) { published.value.close() }
    }
}
