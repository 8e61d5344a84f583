import Contracts
import JSON
import JSONRPC
import Observability
import ServiceTesting
import Synchronization

/// Owns targets in memory, as the orchestrator does in a database.
final class TargetOwner: Sendable {
    private struct State {
        var targets: [String: Target] = [:]
        var created = 0
        var version: Int64 = 1_800_000_000_000_000

        func target(_ id: TargetID) throws -> Target {
            guard let target = targets[id.rawValue] else { throw RPCError(.notFound, "there is no target \(id)") }
            return target
        }
    }

    private let state = Mutex(State())
    /// Open once a creation waits.
    let begun = Gate()
    /// What a creation waits for.
    let gate = Gate()
    /// Whether creations wait.
    let isSlow = Mutex(false)
    /// What the next creation throws, after its effect if it may have had that.
    let failure = Mutex<RPCError?>(nil)

    /// Targets that were ever made.
    var createdCount: Int { state.withLock { $0.created } }

    var router: RPCRouter {
        var router = RPCRouter(title: "owner", authorizer: OpenDoor(), log: Log(label: "owner", sink: MemorySink()))
        router.handle(.getTarget) { [self] in try get($0.id) }
        router.handle(.createTarget) { [self] in try await create($0) }
        router.handle(.updateTarget) { [self] in try update($0) }
        router.handle(.deleteTarget) { [self] in try delete($0) }
        router.handle(.listTargets) { [self] in list($0) }
        router.handle(.exportMeasurements) { _ in
            RPCStream(Download(contentType: "text/csv", fileName: "a.csv")) { _ in }
        }
        return router
    }

    private func get(_ id: TargetID) throws -> Target {
        try state.withLock { try $0.target(id) }
    }

    private func create(_ new: NewTarget) async throws -> Target {
        if isSlow.withLock({ $0 }) {
            begun.open()
            await gate.wait()
        }
        guard new.address != "taken" else { throw RPCError(.conflict, "there is one") }
        let failure = failure.withLock { failure in
            defer { failure = nil }
            return failure
        }
        if let failure, !failure.isOutcomeUnknown { throw failure }
        let target = make(new)
        if let failure { throw failure }
        return target
    }

    private func make(_ new: NewTarget) -> Target {
        state.withLock { state in
            state.created += 1
            state.version += 1
            let time = Timestamp(microseconds: state.version)
            let target = Target(
                id: .make(),
                name: new.name ?? new.address,
                address: new.address,
                description: new.description ?? "",
                createdAt: time,
                updatedAt: time
            )
            state.targets[target.id.rawValue] = target
            return target
        }
    }

    private func update(_ change: TargetChange) throws -> Target {
        try state.withLock { state in
            var target = try state.target(change.id)
            try checkVersion(change.ifUpdatedAt, of: target.updatedAt)
            target.name = change.name ?? target.name
            state.version += 1
            target.updatedAt = Timestamp(microseconds: state.version)
            state.targets[target.id.rawValue] = target
            return target
        }
    }

    private func delete(_ removal: TargetRemoval) throws -> Empty {
        try state.withLock { state in
            try checkVersion(removal.ifUpdatedAt, of: state.target(removal.id).updatedAt)
            state.targets[removal.id.rawValue] = nil
        }
        return Empty()
    }

    private func list(_ filter: TargetFilter) -> TargetPage {
        let targets = state.withLock { $0.targets.values.sorted { $0.id.rawValue < $1.id.rawValue } }
        let rest = targets.filter { $0.id.rawValue > filter.cursor ?? "" }
        let page = Array(rest.prefix(filter.limit ?? 100))
        return TargetPage(targets: page, nextCursor: page.count < rest.count ? page.last?.id.rawValue : nil)
    }
}
