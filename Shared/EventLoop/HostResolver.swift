import Glibc

/// Finds the addresses of a host through the system's resolver, which blocks: on a thread that ends with the answer.
///
/// For the few names that a process connects to itself. What tenants name is resolved by the agent's own resolver.
public enum HostResolver {
    /// The addresses of `endpoints`, each a `host:port`, with commas between; an address stands for itself.
    ///
    /// Throws `SystemError` with the resolver's words when there is none at all.
    public static func resolve(_ endpoints: String) async throws -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        var failure: (any Error)?
        for endpoint in endpoints.split(separator: ",") {
            do {
                addresses += try await resolve(one: String(endpoint))
            } catch {
                failure = error
            }
        }
        if addresses.isEmpty, let failure { throw failure }
        return addresses
    }

    private static func resolve(one endpoint: String) async throws -> [SocketAddress] {
        if let address = SocketAddress(endpoint) { return [address] }
        guard let colon = endpoint.lastIndex(of: ":"), let port = UInt16(endpoint[endpoint.index(after: colon)...]),
            colon > endpoint.startIndex
        else { throw SystemError(code: EINVAL, message: "\"\(endpoint)\" is no host:port") }
        let host = String(endpoint[..<colon])
        return try await withCheckedThrowingContinuation { continuation in
            let lookup = Lookup(host: host, port: port, continuation)
            var thread = pthread_t()
            let argument = unsafe Unmanaged.passRetained(lookup).toOpaque()
            let failure = unsafe pthread_create(&thread, nil, runLookup, argument)
            guard failure == 0 else {
                unsafe Unmanaged<Lookup>.fromOpaque(argument).release()
                return continuation.resume(throwing: SystemError(code: failure, message: "pthread_create"))
            }
            pthread_detach(thread)
        }
    }
}

private final class Lookup: Sendable {
    let host: String
    let port: UInt16
    let continuation: CheckedContinuation<[SocketAddress], any Error>

    init(host: String, port: UInt16, _ continuation: CheckedContinuation<[SocketAddress], any Error>) {
        self.host = host
        self.port = port
        self.continuation = continuation
    }

    func run() {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let failure = unsafe getaddrinfo(host, nil, &hints, &list)
        guard failure == 0 else {
            let reason = unsafe String(cString: gai_strerror(failure))
            return continuation.resume(throwing: SystemError(code: ENOENT, message: "\(host): \(reason)"))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if var address = unsafe address(of: entry.pointee) {
                address.port = port
                addresses.append(address)
            }
            unsafe next = entry.pointee.ai_next
        }
        continuation.resume(returning: addresses)
    }

    private func address(of entry: addrinfo) -> SocketAddress? {
        var storage = sockaddr_storage()
        let count = unsafe min(Int(entry.ai_addrlen), MemoryLayout<sockaddr_storage>.size)
        guard let source = unsafe entry.ai_addr else { return nil }
        unsafe withUnsafeMutableBytes(of: &storage) { target in
            unsafe target.copyMemory(from: UnsafeRawBufferPointer(start: source, count: count))
        }
        return SocketAddress(storage)
    }
}

@Sendable private func runLookup(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { preconditionFailure("pthread_create lost its argument") }
    unsafe Unmanaged<Lookup>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
