import CAres
public import EventLoop
import Glibc

/// An address a name resolved to, and for how long that may be believed.
public struct ResolvedAddress: Equatable, Sendable {
    public var address: IPAddress
    public var timeToLiveSeconds: Int
}

/// Resolves names and asks DNS servers, on one loop.
///
/// To be used on its thread only.
public final class DNSResolver {
    private static let addressTries = 3
    private static let queryTries = 2
    private static let maximumNameBytes = 253
    /// Channels of answered questions that are kept for the next one to the same server.
    private static let maximumIdle = 16

    public let loop: EventLoop
    /// Servers to ask for names in place of the system's; empty for those of the system.
    private let servers: [SocketAddress]
    private let maximumLookups: Int
    private var lookups: [ObjectIdentifier: AresLookup] = [:]
    private var idle: [(settings: AresChannel.Settings, lookup: AresLookup)] = []

    /// `maximumLookups` bounds what is under way at once.
    public init(on loop: EventLoop, servers: [SocketAddress] = [], maximumLookups: Int = 256) {
        self.loop = loop
        self.servers = servers
        self.maximumLookups = maximumLookups
        _ = Self.library
    }

    /// Resolves a name as the system would: its hosts file, then its servers; best address first (RFC 6724).
    ///
    /// Throws `EgressError` with `resolve`, `timeout`, `busy`, `cancelled` or `local`.
    public func addresses(
        of name: String,
        family: FamilyChoice = .any,
        timeout: Duration = .seconds(5)
    ) async throws(EgressError) -> [ResolvedAddress] {
        try Self.check(name, .resolve)
        let list = servers.isEmpty ? nil : Self.list(servers)
        let settings = AresChannel.Settings(servers: list, timeout: timeout, tries: Self.addressTries)
        let outcome = await unsafe run(settings, timeout) { channel, context in
            var hints = ares_addrinfo_hints()
            hints.ai_family = family == .any ? AF_UNSPEC : family == .v4 ? AF_INET : AF_INET6
            hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
            unsafe ares_getaddrinfo(channel, name, nil, &hints, addressesFound, context)
        }
        switch outcome {
        case .addresses(let addresses) where !addresses.isEmpty: return addresses
        case .failure(let error): throw error
        default: throw EgressError(.resolve, "the name has no address")
        }
    }

    /// Asks one server one question, recursion desired, over UDP, and over TCP when the answer does not fit or only
    /// that is wanted.
    ///
    /// An answer that says no (`NXDOMAIN`, `SERVFAIL`, …) is an answer. Throws `EgressError` with `timeout`, `refused`,
    /// `badRequest`, `protocolViolation`, `busy`, `cancelled` or `local`.
    public func query(
        _ name: String,
        _ type: DNSRecordType,
        server: SocketAddress,
        overTCP: Bool = false,
        timeout: Duration = .seconds(5)
    ) async throws(EgressError) -> DNSAnswer {
        let start = LoopClock(loop).now
        let question = try DNSQuestion(name, type).bytes
        var settings = AresChannel.Settings(servers: Self.list([server]), timeout: timeout, tries: Self.queryTries)
        settings.takesAny = true
        settings.usesTCP = overTCP
        let outcome = await unsafe run(settings, timeout) { channel, context in
            unsafe ares_send(channel, question, CInt(question.count), answerReceived, context)
        }
        let elapsed = start.duration(to: LoopClock(loop).now)
        switch outcome {
        case .message(let bytes):
            return try DNSMessage.parse(bytes, elapsedMicroseconds: Int(elapsed.inNanoseconds / 1_000))
        case .failure(let error): throw error
        case .addresses: throw EgressError(.local, "c-ares answered another question")
        }
    }

    /// The servers that the system's configuration names; the first one is asked first.
    public func systemServers() throws(EgressError) -> [SocketAddress] {
        try AresChannel().servers
    }

    private func run(
        _ settings: AresChannel.Settings,
        _ timeout: Duration,
        _ ask: (ares_channel, UnsafeMutableRawPointer) -> Void
    ) async -> AresLookup.Outcome {
        await Completion.value(on: loop) { completion in
            guard lookups.count < maximumLookups else {
                return completion.finish(.failure(EgressError(.busy, "as many resolutions are under way as may be")))
            }
            let lookup = takeIdle(settings) ?? AresLookup(settings, on: loop)
            lookups[ObjectIdentifier(lookup)] = lookup
            completion.onCancel = { [weak lookup] in lookup?.cancel() }
            unsafe lookup.start(
                timeout: timeout,
                done: { [weak self, weak lookup] outcome in
                    if let lookup { self?.put(back: lookup, settings) }
                    completion.finish(outcome)
                },
                ask
            )
        }
    }

    private func takeIdle(_ settings: AresChannel.Settings) -> AresLookup? {
        idle.lastIndex { $0.settings == settings }.map { idle.remove(at: $0).lookup }
    }

    private func put(back lookup: AresLookup, _ settings: AresChannel.Settings) {
        lookups[ObjectIdentifier(lookup)] = nil
        // What depends on the system's configuration sees it as it is at the next time.
        guard lookup.isReusable, settings.servers != nil else { return }
        if idle.count == Self.maximumIdle { idle.removeFirst() }
        idle.append((settings, lookup))
    }

    private static let library: CInt = ares_library_init(CInt(ARES_LIB_INIT_ALL))

    private static func list(_ servers: [SocketAddress]) -> String {
        servers.map(\.description).joined(separator: ",")
    }

    static func check(_ name: String, _ code: EgressError.Code) throws(EgressError) {
        let isPrintable = name.utf8.allSatisfy { (33...126).contains($0) }
        guard !name.isEmpty, name.utf8.count <= maximumNameBytes, isPrintable else {
            throw EgressError(code, "a name has 1 to \(maximumNameBytes) printable ASCII characters")
        }
    }
}
