import EventLoop
import HTTP
import JSONRPC

/// Cuts a flow of bytes into lines.
final class LineReader: RPCLineSource {
    /// Bytes a line may have.
    private static let maximumLine = 8 << 20

    private final class Buffer {
        var lines = LineBuffer()
    }

    private let tunnel: HTTPTunnel
    private let buffer: LoopBound<Buffer>

    init(_ tunnel: HTTPTunnel, on loop: EventLoop) {
        self.tunnel = tunnel
        buffer = LoopBound(Buffer(), on: loop)
    }

    func next() async throws -> [UInt8]? {
        guard buffer.loop.isCurrent else {
            return try await withTaskExecutorPreference(buffer.loop) { try await self.nextOnLoop() }
        }
        return try await nextOnLoop()
    }

    private func nextOnLoop() async throws -> [UInt8]? {
        while true {
            let buffer = buffer.value
            if let line = buffer.lines.takeLine() { return line }
            guard buffer.lines.count <= Self.maximumLine else {
                throw RPCError(.internalError, "a line of a stream is too long")
            }
            do {
                // What no line feed ends: a method that does not begin to stream answers with one document.
                guard let more = try await tunnel.read() else { return buffer.lines.takeRest() }
                buffer.lines.append(more)
            } catch let error as HTTPError {
                throw RPCError(.unavailable, "the stream broke: \(error.message)")
            }
        }
    }
}
