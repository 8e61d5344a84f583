import Synchronization

/// Who this process is in the mesh; follows its files while they are exchanged.
///
/// A connection keeps the context that it began with, so exchanging the files breaks none.
public final class TLSIdentity: Sendable {
    private struct State {
        var server: TLSContext
        var client: TLSContext
        var id: SPIFFEID
        var stamp: [FileStamp]
    }

    private let directory: String
    private let state: Mutex<State>

    public init(directory: String) throws(TLSError) {
        self.directory = directory
        state = Mutex(try Self.load(directory))
    }

    public var server: TLSContext { state.withLock { $0.server } }
    public var client: TLSContext { state.withLock { $0.client } }
    public var id: SPIFFEID { state.withLock { $0.id } }

    /// Takes over the files when they have changed; returns whether they had.
    ///
    /// Throws, and stays with what it has, when they are incomplete: half of them may have been exchanged.
    public func reloadIfChanged() throws(TLSError) -> Bool {
        guard state.withLock({ $0.stamp }) != Self.stamp(directory) else { return false }
        let fresh = try Self.load(directory)
        state.withLock { $0 = fresh }
        return true
    }

    private static func load(_ directory: String) throws(TLSError) -> State {
        // Taken first: a change while the files are read is seen at the next look.
        let stamp = stamp(directory)
        let material = try IdentityMaterial(directory: directory)
        let id = try material.id()
        return State(
            server: try TLSContext.mesh(server: true, material, trustDomain: id.trustDomain),
            client: try TLSContext.mesh(server: false, material, trustDomain: id.trustDomain),
            id: id,
            stamp: stamp
        )
    }

    private static func stamp(_ directory: String) -> [FileStamp] {
        ["tls.crt", "tls.key", "ca.crt", "agents.crt"].map { FileStamp("\(directory)/\($0)") }
    }
}
