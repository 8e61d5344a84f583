import Contracts
import JSONRPC
import Lifecycle
import Observability

/// Answers `assignment.follow`: tells agents what to run, and what to run instead after every change.
///
/// Changes that come while a set is read or sent become one, so a slow agent gets the newest set and nothing between.
final class AssignmentFeed: Sendable {
    private let inventory: Inventory
    private let registry: AgentRegistry
    private let clock: any Clock<Duration>
    private let log: Log
    private let snapshots = Latest<AssignmentSnapshot?>(nil)

    init(_ inventory: Inventory, _ registry: AgentRegistry, clock: any Clock<Duration>, log: Log) {
        self.inventory = inventory
        self.registry = registry
        self.clock = clock
        self.log = log
    }

    func addRoutes(to router: inout RPCRouter) {
        router.handle(RPCStreamMethod.followAssignments.descriptor, raw: follow)
    }

    /// Makes a new snapshot after every change, until it is cancelled.
    func run() async throws {
        while true {
            let version = inventory.changes.current.version
            do {
                try await publish()
            } catch let error where !(error is CancellationError) {
                log.warning("cannot read the assignments", ["error": "\(error)"])
                try await clock.sleep(for: .seconds(1))
                continue
            }
            guard try await inventory.changes.next(after: version) != nil else { return }
        }
    }

    /// Ends every stream; agents come back elsewhere, or later.
    func finish() {
        snapshots.finish()
    }

    /// Agents that follow now, and are told of the next change.
    var followerCount: Int { snapshots.waiterCount }

    private func publish() async throws {
        let sharers = registry.recent
        let set = try await inventory.read { [tenant = inventory.tenant] connection in
            try connection.assignments(of: tenant, sharedBy: sharers)
        }
        guard snapshots.current.value?.revision != set.revision else { return }
        snapshots.update(try AssignmentSnapshot(set))
    }

    private func follow(_ params: ArraySlice<UInt8>) async throws -> RPCRawReply {
        guard let reference = try? AgentReference(payload: params) else { throw invalid("id", "must be an agent's id") }
        guard registry.isKnown(reference.id) else { throw RPCError.noAgent(reference.id) }
        guard let (version, snapshot) = try await snapshots.next(after: 0), let snapshot else {
            throw RPCError(.unavailable, "the orchestrator is stopping")
        }
        return RPCRawReply(
            result: snapshot.result,
            stream: RPCStreamBody { [snapshots] sink in
                var version = version
                while let next = try await snapshots.next(after: version) {
                    version = next.version
                    if let snapshot = next.value { try await sink.send(line: snapshot.line) }
                }
            }
        )
    }
}
