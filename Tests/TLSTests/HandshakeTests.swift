import Testing

@testable import TLS

/// Two sessions that talk to each other without a socket.
struct Wire {
    let client: TLSSession
    let server: TLSSession
    private let scratch = TLSScratch()

    init(client: TLSContext, server: TLSContext, expecting service: String?) throws {
        self.client = try TLSSession(client, expecting: service)
        self.server = try TLSSession(server)
        try self.client.start()
    }

    /// Carries ciphertext until neither side has any; returns what each side received as plaintext.
    func run() throws -> (client: [UInt8], server: [UInt8]) {
        var received: (client: [UInt8], server: [UInt8]) = ([], [])
        while !client.output.isEmpty || !server.output.isEmpty {
            received.server += try pass(from: client, to: server)
            received.client += try pass(from: server, to: client)
        }
        return received
    }

    private func pass(from sender: TLSSession, to receiver: TLSSession) throws -> [UInt8] {
        let bytes = sender.output
        guard !bytes.isEmpty else { return [] }
        sender.output = []
        var plaintext: [UInt8] = []
        _ = try receiver.receive(bytes.span, scratch: scratch) { span in
            for index in span.indices { plaintext.append(span[index]) }
        }
        return plaintext
    }
}

@Suite("Mutual TLS")
struct HandshakeTests {
    let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority.make(trustDomain: "sonde").authority
    }

    func material(
        _ uris: [String],
        from authority: CertificateAuthority? = nil,
        lifetime: Duration = .seconds(3_600),
        startingIn delay: Duration = .zero
    ) throws -> IdentityMaterial {
        let key = try PrivateKey.p256()
        let leaf = try (authority ?? self.authority)
            .issue(uris: uris, for: key, lifetime: lifetime, startingIn: delay)
        return IdentityMaterial(chain: [leaf], key: key, authorities: [self.authority.certificate])
    }

    func wire(client: IdentityMaterial, server: IdentityMaterial, expecting: String? = "store") throws -> Wire {
        try Wire(
            client: TLSContext.mesh(server: false, client, trustDomain: "sonde"),
            server: TLSContext.mesh(server: true, server, trustDomain: "sonde"),
            expecting: expecting
        )
    }

    static let store = "spiffe://sonde/ns/default/sa/store"
    static let agent = "spiffe://sonde/ns/default/sa/probe-agent"

    @Test("tells each side who the other is, and carries bytes both ways")
    func mutual() throws {
        let wire = try wire(client: material([Self.agent]), server: material([Self.store]))
        _ = try wire.run()
        #expect(wire.server.peer?.service == "probe-agent")
        #expect(wire.client.peer?.service == "store")
        #expect(wire.client.applicationProtocol == .http2)
        try wire.client.send([1, 2, 3].span)
        try wire.server.send([4].span)
        let received = try wire.run()
        #expect(received.server == [1, 2, 3])
        #expect(received.client == [4])
    }

    @Test(
        "a server refuses a client whose identity does not hold",
        arguments: [
            [],
            ["spiffe://elsewhere/ns/default/sa/probe-agent"],
            [agent, "spiffe://sonde/ns/default/sa/store"],
            ["https://sonde/ns/default/sa/probe-agent"],
            ["spiffe://sonde/probe-agent"],
        ]
    )
    func wrongClient(uris: [String]) throws {
        let server = try material([Self.store])
        let wire = try wire(client: material(uris), server: server)
        let error = #expect(throws: TLSError.self) { _ = try wire.run() }
        #expect(error?.code == .untrusted)
    }

    @Test("a client refuses a server that is another service than it called")
    func wrongServer() throws {
        let wire = try wire(client: material([Self.agent]), server: material([Self.agent]))
        #expect(throws: TLSError.self) { _ = try wire.run() }
    }

    @Test("either side refuses an authority it does not know")
    func unknownAuthority() throws {
        let other = try CertificateAuthority.make(trustDomain: "sonde").authority
        let wire = try wire(client: material([Self.agent], from: other), server: material([Self.store]))
        #expect(throws: TLSError.self) { _ = try wire.run() }
    }

    @Test("either side refuses a certificate that has ended or not begun", arguments: [-7_200, 7_200])
    func outsideItsTime(startsIn seconds: Int) throws {
        let client = try material([Self.agent], lifetime: .seconds(3_600), startingIn: .seconds(seconds))
        let wire = try wire(client: client, server: material([Self.store]))
        #expect(throws: TLSError.self) { _ = try wire.run() }
    }

    @Test("a server refuses a client without a certificate")
    func noCertificate() throws {
        let client = try TLSContext.webClient(authorities: [authority.certificate])
        let server = try TLSContext.mesh(server: true, material([Self.store]), trustDomain: "sonde")
        let wire = try Wire(client: client, server: server, expecting: nil)
        #expect(throws: TLSError.self) { _ = try wire.run() }
    }

    @Test("what is no TLS is refused", arguments: ["GET / HTTP/1.1\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}hello"])
    func noTLS(text: String) throws {
        let server = try TLSSession(TLSContext.mesh(server: true, material([Self.store]), trustDomain: "sonde"))
        let scratch = TLSScratch()
        #expect(throws: TLSError.self) {
            _ = try server.receive(Array(text.utf8).span, scratch: scratch) { _ in }
        }
    }
}
