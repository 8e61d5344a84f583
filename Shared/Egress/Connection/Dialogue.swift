import TLS

/// What is said over a connection, without the connection: bytes go in and out.
protocol Dialogue: AnyObject {
    /// The connection is made, over TLS when there is an inspection.
    func begin(_ inspection: PeerInspection?) throws(EgressError)
    /// Bytes that are to be sent now.
    func takeOutput() throws(EgressError) -> [UInt8]
    func receive(_ bytes: Span<UInt8>) throws(EgressError)
    /// The server sends no more; throws when something is missing.
    func end() throws(EgressError)
    /// The first byte of the answer has come.
    var hasBegun: Bool { get }
    var isComplete: Bool { get }
}
