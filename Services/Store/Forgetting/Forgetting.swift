import Contracts
import Database
import DatabaseCalls
import JSONRPC

/// Answers `measurement.forget`, and removes what may still have been written while it was answered.
///
/// From the first transaction on nobody is shown anything of the targets, and nothing more of them is taken: agents may
/// have rows of theirs for as long as their spools are deep. What the log has of them is shown to nobody, and goes with
/// the log. Numbers of series are never given out again, so their rows stay, without any name.
struct Forgetting: Sendable {
    private static let maximumTargets = 1_000
    /// How long something may still be written that was begun before.
    private static let aftermath = Duration.seconds(3_600)
    /// How long agents may still have rows.
    private static let memory = Duration.seconds(60 * 86_400)

    let database: any Database
    let replica: Replica
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.forgetTargets) { try await forget($0.tenant, Set($0.targetIDs)) }
        router.handle(.forgetTenantMeasurements, forgetTenant)
    }

    private func forget(_ tenant: TenantID, _ ids: Set<TargetID>) async throws -> Empty {
        try checkNumber(ids.count, "target_ids", 1...Self.maximumTargets)
        let now = now().microseconds
        let targets = ids.map { TenantTarget(tenant: tenant, target: $0) }
        try await database.write(as: .every) { connection in
            // Nobody makes a series of theirs meanwhile.
            try connection.take(.log)
            for target in targets { try connection.note(target, at: now) }
        }
        // Now it is durable; what follows may be done again.
        replica.forget(targets)
        try await clean(since: now)
        return Empty()
    }

    /// All targets that a tenant has, or has had by a file, some at a time; its sessions and its retention.
    private func forgetTenant(_ removed: RemovedTenant) async throws -> Empty {
        let tenant = removed.tenant
        let named = Set(replica.series.records(of: tenant).map(\.key.series.targetID))
        let left = named.filter { !replica.series.isForgotten(TenantTarget(tenant: tenant, target: $0)) }
        for some in Array(left).chunked(Self.maximumTargets) { _ = try await forget(tenant, Set(some)) }
        _ = try await database.write(as: tenant) { connection in
            try connection.execute("DELETE FROM session WHERE tenant = \(tenant.rawValue)")
        }
        try await database.write(as: .every) { try $0.removeRetention(of: tenant) }
        return Empty()
    }

    /// Removes again what was forgotten lately, and no longer remembers what was forgotten long ago.
    func cleanUp() async throws {
        try await clean(since: now().advanced(by: .zero - Self.aftermath).microseconds)
        let end = now().advanced(by: .zero - Self.memory).microseconds
        _ = try await database.write(as: .every) { connection in
            try connection.execute(
                "DELETE FROM forgotten WHERE forgotten_at < \(end)"
            )
        }
    }

    private func clean(since time: Int64) async throws {
        let series = try await database.read(as: .every) { connection in
            try connection.rows(
                """
                SELECT s.number FROM forgotten f JOIN forgotten_series s ON s.tenant = f.tenant AND
                    s.target_id = f.target_id WHERE f.forgotten_at >= \(time)
                """
            ) { row in try row[0] as Int }
        }
        for some in series.chunked(100) {
            _ = try await database.write(as: .every) { connection in
                try connection.take(.chunks)
                try connection.remove(some)
            }
        }
    }
}

extension Array {
    func chunked(_ count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}

extension DatabaseConnection {
    /// Writes down that a target is no more, and which series it had; those lose their names.
    fileprivate func note(_ forgotten: TenantTarget, at time: Int64) throws {
        let (tenant, target) = (forgotten.tenant.rawValue, forgotten.target.rawValue)
        try executeAll([
            """
            INSERT INTO forgotten (tenant, target_id, forgotten_at)
            VALUES (\(tenant), \(target), \(time)) ON CONFLICT (tenant, target_id) DO NOTHING
            """,
            """
            INSERT INTO forgotten_series (tenant, target_id, number)
            SELECT tenant, target_id, id FROM series WHERE tenant = \(tenant) AND target_id = \(target)
            ON CONFLICT (tenant, number) DO NOTHING
            """,
            """
            UPDATE series SET target_id = '', target = '', agent_id = '', origin = '', endpoint = '',
                check_id = CAST(id AS TEXT) WHERE tenant = \(tenant) AND target_id = \(target)
            """,
        ])
    }

    /// Removes all rows and sums of series.
    fileprivate func remove(_ series: [Int]) throws {
        for table: SQL in ["chunk", "minutes"] {
            var day: Int64? = .min
            while let last = day {
                // Day by day, since days come first in the tables' order.
                day = try value("SELECT min(day) FROM \(table) WHERE day > \(last)", as: Int64?.self) ?? nil
                guard let day else { break }
                try execute("DELETE FROM \(table) WHERE day = \(day) AND series IN (\(list: series))")
            }
        }
        for step in RollupStep.allCases {
            try execute("DELETE FROM rollup WHERE step = \(step.rawValue) AND series IN (\(list: series))")
        }
        try execute("DELETE FROM progress WHERE series IN (\(list: series))")
        try execute("DELETE FROM route WHERE series IN (\(list: series))")
    }
}
