import Contracts
import Database
import JSONRPC

/// What a target is kept for; the same thing has one target.
enum TargetOwner: Hashable, Sendable {
    /// An agent, which others probe.
    case agent(AgentID)
    /// An object of a cluster, by its UID.
    case object(String)

    private static let mesh = "mesh:"
    private static let kubernetes = "kubernetes:"

    /// As it is stored.
    var rawValue: String {
        switch self {
        case .agent(let id): Self.mesh + id.rawValue
        case .object(let uid): Self.kubernetes + uid
        }
    }

    init?(rawValue: String) {
        if rawValue.hasPrefix(Self.mesh) {
            self = .agent(AgentID(rawValue: String(rawValue.dropFirst(Self.mesh.count))))
        } else if rawValue.hasPrefix(Self.kubernetes) {
            self = .object(String(rawValue.dropFirst(Self.kubernetes.count)))
        } else {
            return nil
        }
    }

    var keeper: TargetKeeper {
        switch self {
        case .agent: .mesh
        case .object: .kubernetes
        }
    }

    /// Begins the owners of all targets that a keeper has.
    static func prefix(of keeper: TargetKeeper) -> String {
        switch keeper {
        case .mesh: mesh
        case .kubernetes: kubernetes
        }
    }
}

extension Target {
    /// Throws `conflict` for a target that people cannot change.
    func requireNoKeeper() throws(RPCError) {
        switch keeper {
        case nil: return
        case .mesh:
            throw RPCError(.conflict, "target \"\(name)\" belongs to the node mesh, which alone changes it")
        case .kubernetes:
            throw RPCError(.conflict, "target \"\(name)\" follows an object of the cluster; change its annotations")
        }
    }
}

extension DatabaseConnection {
    /// The agents that others probe, by the targets that stand for them; without those that rest.
    func meshTargets() throws -> [TargetID: AgentID] {
        let query: SQL = """
            SELECT id, owner FROM target WHERE enabled = 1 AND owner LIKE \(TargetOwner.prefix(of: .mesh) + "%")
            """
        let found = try rows(query) { row in
            (TargetID(rawValue: try row.text(0)), TargetOwner(rawValue: try row.text(1)))
        }
        return Dictionary(
            found.compactMap { id, owner in
                guard case .agent(let agent) = owner else { return nil }
                return (id, agent)
            }
        ) { first, _ in first }
    }
}
