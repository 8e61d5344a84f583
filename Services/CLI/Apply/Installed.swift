import Contracts
import JSONRPC

/// What a tenant has, as far as files can declare it.
struct Installed: Sendable {
    var receivers: [Receiver] = []
    var targets: [Target] = []
    var checks: [TargetID: [Check]] = [:]
    var rules: [Rule] = []
    var silences: [Silence] = []
    var maintenance: [Maintenance] = []

    var targetNames: [TargetID: String] {
        Dictionary(targets.map { ($0.id, $0.name) }) { first, _ in first }
    }

    init() {}

    /// Silences and maintenance are read for those alone who declare some, whose token is for that.
    init(readWith client: APIClient, silences: Bool, maintenance: Bool) async throws {
        receivers = try await client.call(.listReceivers, Empty()).receivers
        // What keeps itself is nobody's to declare, nor to remove.
        targets = try await Command.allTargets(client).filter { $0.keeper == nil }
        checks = Dictionary(grouping: try await client.call(.listChecks, CheckFilter()).checks, by: \.targetID)
        rules = try await client.call(.listRules, Empty()).rules
        if silences { self.silences = try await client.call(.listSilences, Empty()).silences }
        if maintenance { self.maintenance = try await client.call(.listMaintenance, Empty()).maintenance }
    }
}
