import EventLoop
import HTTP
import JSONRPC

/// Cuts a flow of bytes into lines.
final class LineReader: RPCLineSource {
    /// Bytes a line may have.
    private static let maximumLine = 8 << 20

    private final class Buffer {
        var bytes: [UInt8] = []
        var start = 0
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
        var searched = 0
        while true {
            let buffer = buffer.value
            if let line = takeLine(buffer, from: searched) { return line }
            searched = buffer.bytes.count - buffer.start
            guard searched <= Self.maximumLine else { throw RPCError(.internalError, "a line of a stream is too long") }
            do {
                guard let more = try await tunnel.read() else { return takeRest(buffer) }
                buffer.bytes.append(contentsOf: more)
            } catch let error as HTTPError {
                throw RPCError(.unavailable, "the stream broke: \(error.message)")
            }
        }
    }

    /// What no line feed ends: a method that does not begin to stream answers with one document.
    private func takeRest(_ buffer: Buffer) -> [UInt8]? {
        defer { (buffer.bytes, buffer.start) = ([], 0) }
        return buffer.start < buffer.bytes.count ? Array(buffer.bytes[buffer.start...]) : nil
    }

    private func takeLine(_ buffer: Buffer, from searched: Int) -> [UInt8]? {
        guard let end = buffer.bytes[(buffer.start + searched)...].firstIndex(of: UInt8(ascii: "\n")) else {
            if buffer.start > 0 {
                buffer.bytes.removeFirst(buffer.start)
                buffer.start = 0
            }
            return nil
        }
        defer { buffer.start = end + 1 }
        return Array(buffer.bytes[buffer.start..<end])
    }
}
