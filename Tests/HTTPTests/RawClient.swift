import Dispatch
import EventLoop
import Glibc
import Synchronization
import Testing

/// A TCP client that sends and reads bytes as they are.
///
/// Its calls block threads of their own, and give up after ten seconds of silence.
final class RawClient: Sendable {
    private let socket: CInt
    /// Bytes that were read and belong to what is read next.
    private let pending = Mutex<[UInt8]>([])
    private static let queue = DispatchQueue(label: "raw clients", attributes: .concurrent)

    init(_ address: SocketAddress, receiveBuffer: CInt? = nil) throws {
        let family = address.family == .v4 ? AF_INET : AF_INET6
        socket = Glibc.socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if var size = receiveBuffer {
            _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        var silence = timeval(tv_sec: 10, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &silence, size)
        _ = unsafe setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &silence, size)
        let result = unsafe address.withSockaddr { unsafe connect(socket, $0, $1) }
        guard result == 0 else { throw SystemError(code: errno, message: "connect") }
    }

    deinit { close(socket) }

    func send(_ text: String) async {
        await send(Array(text.utf8))
    }

    /// Returns when all is sent, or when the peer takes no more.
    func send(_ bytes: [UInt8]) async {
        await perform { socket in
            var sent = 0
            while sent < bytes.count {
                let count = unsafe bytes[sent...].withUnsafeBytes { rest in
                    unsafe Glibc.send(socket, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
    }

    /// What comes until `isEnough`, or until the peer closes; its silence is a failure of the test.
    func read(until isEnough: @escaping @Sendable ([UInt8]) -> Bool) async -> [UInt8] {
        let (bytes, isSilent) = await perform { [self] socket in
            var bytes = pending.withLock { kept in
                defer { kept = [] }
                return kept
            }
            var piece = [UInt8](repeating: 0, count: 65_536)
            while !isEnough(bytes) {
                let count = unsafe recv(socket, &piece, piece.count, 0)
                guard count > 0 else { return (bytes, count < 0 && errno == EAGAIN) }
                bytes += piece[..<count]
            }
            return (bytes, false)
        }
        if isSilent { Issue.record("the server says nothing, and does not close") }
        return bytes
    }

    /// What comes until the end of the first empty line, as text; the rest is kept.
    func readHead() async -> String {
        let end = Array("\r\n\r\n".utf8)
        let bytes = await read { $0.firstRange(of: end) != nil }
        guard let range = bytes.firstRange(of: end) else { return String(decoding: bytes, as: UTF8.self) }
        pending.withLock { $0 = Array(bytes[range.upperBound...]) }
        return String(decoding: bytes[..<range.upperBound], as: UTF8.self)
    }

    func read(_ count: Int) async -> [UInt8] {
        let bytes = await read { $0.count >= count }
        pending.withLock { $0 = Array(bytes.dropFirst(count)) }
        return Array(bytes.prefix(count))
    }

    func readToEnd() async -> String {
        String(decoding: await read { _ in false }, as: UTF8.self)
    }

    /// A request, and all that comes before the server closes.
    func exchange(_ text: String) async -> String {
        await send(text)
        return await readToEnd()
    }

    func finishSending() {
        shutdown(socket, CInt(SHUT_WR))
    }

    /// Ends the connection with a RST instead of a FIN.
    func reset() {
        var address = sockaddr()
        address.sa_family = sa_family_t(AF_UNSPEC)
        _ = unsafe connect(socket, &address, socklen_t(MemoryLayout<sockaddr>.size))
    }

    private func perform<Result: Sendable>(_ work: @escaping @Sendable (CInt) -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Self.queue.async { [self] in continuation.resume(returning: work(socket)) }
        }
    }
}
