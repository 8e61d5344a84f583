import TLS

/// What a service reads from and writes to.
protocol ByteStream {
    /// What came and was not taken.
    var input: [UInt8] { get set }
    /// Nothing more will be sent.
    var endsAfterOutput: Bool { get }
    mutating func send(_ bytes: [UInt8])
    /// Says that nothing follows.
    mutating func end()
}

extension TCPConnection: ByteStream {}

/// The inside of a connection over TLS.
struct TLSStream: ByteStream {
    var input: [UInt8] = []
    private(set) var endsAfterOutput = false
    private let session: TLSSession
    private let scratch = TLSScratch(byteCount: 16_384)

    init(_ context: TLSContext) throws(TLSError) {
        session = try TLSSession(context)
    }

    mutating func send(_ bytes: [UInt8]) {
        // A session that is broken ends with the next bytes that come.
        try? session.send(bytes.span)
    }

    mutating func end() {
        session.close()
        endsAfterOutput = true
    }

    /// Takes the ciphertext that came, lets `serve` answer, and queues what is to be sent; a peer that breaks the
    /// protocol is told so, and the connection ends.
    mutating func pass(_ connection: inout TCPConnection, _ serve: (inout TLSStream) -> Void) {
        let ciphertext = connection.input
        connection.input = []
        do {
            let isOpen = try session.receive(ciphertext.span, scratch: scratch) { plaintext in
                for index in plaintext.indices { input.append(plaintext[index]) }
            }
            if session.isEstablished { serve(&self) }
            if !isOpen { endsAfterOutput = true }
        } catch {
            endsAfterOutput = true
        }
        connection.send(session.output)
        session.output = []
        if endsAfterOutput { connection.end() }
    }
}
