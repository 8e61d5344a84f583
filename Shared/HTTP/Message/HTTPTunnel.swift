import EventLoop

/// A flow of bytes in both directions, confined to one loop.
protocol ByteStream: AnyObject {
    /// The next bytes; `nil` at the end. Bytes that are not read hold the peer back.
    func read() async throws -> [UInt8]?
    /// Returns when there is room for more.
    func write(_ bytes: [UInt8]) async throws
    /// Says that nothing more will be written.
    func finish()
}

/// Bytes both ways between a peer and the handler that accepted its upgrade.
public struct HTTPTunnel: Sendable {
    private let stream: LoopBound<any ByteStream>

    init(_ stream: any ByteStream, on loop: EventLoop) {
        self.stream = LoopBound(stream, on: loop)
    }

    /// The next bytes; `nil` when the peer has finished.
    ///
    /// To be awaited by one task at a time, on the loop.
    public func read() async throws -> [UInt8]? {
        try await stream.value.read()
    }

    /// Returns when there is room for more; throws when the connection is gone.
    public func write(_ bytes: [UInt8]) async throws {
        try await stream.value.write(bytes)
    }

    public func finish() {
        stream.value.finish()
    }
}

/// Writes a body piece by piece.
public struct HTTPBodyWriter: Sendable {
    private let stream: LoopBound<any ByteStream>

    init(_ stream: any ByteStream, on loop: EventLoop) {
        self.stream = LoopBound(stream, on: loop)
    }

    /// Returns when there is room for more; throws when the peer is gone.
    public func write(_ bytes: [UInt8]) async throws {
        try await stream.value.write(bytes)
    }
}
