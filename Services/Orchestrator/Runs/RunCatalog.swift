import Contracts
import Database
import JSON
import JSONRPC

/// Answers `check.run`, `check.restart` and `check.runs`.
struct RunCatalog: Sendable {
    private static let longestSeconds = 31 * 86_400
    /// So that runs by hand cannot take the place of an interval that there is no budget for: what an agent sends for
    /// them in the long run.
    private static let probesPerSecond = 10

    let inventory: Inventory
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.runCheck, run)
        router.handle(.restartCheck, restart)
        router.handle(.listRuns, list)
    }

    private func list(_ reference: CheckReference) async throws -> RunList {
        let tenant = try Person.ofCall.tenant
        return try await inventory.read { connection in
            guard try connection.check(reference.id, of: tenant) != nil else { throw RPCError.noCheck(reference.id) }
            return RunList(runs: try connection.runs(of: reference.id).map(\.run))
        }
    }

    private func run(_ request: RunRequest) async throws -> Run {
        let (person, now) = (try Person.ofCall, now())
        if let seconds = request.durationSeconds { try checkNumber(seconds, "duration_s", 1...Self.longestSeconds) }
        return try await inventory.change { connection in
            let check = try connection.runnableCheck(request.id, of: person.tenant)
            guard check.enabled || request.durationSeconds == nil else {
                throw RPCError(.conflict, "the check is switched off; switch it on, or run it once")
            }
            let runs = try connection.runs(of: check.id)
            try Self.requirePause(after: runs, of: check, now)
            let open = runs.filter { $0.run.endedAt == nil }
            for row in open where row.run.cause == .person { try connection.setEnd(of: row.run.id, now) }
            let row = RunRow(
                byHand: person,
                check.id,
                parent: open.first?.run.id,
                seconds: request.durationSeconds,
                at: now
            )
            try connection.insert(row, of: person.tenant)
            return row.run
        }
    }

    private func restart(_ reference: CheckReference) async throws -> Run {
        let (person, now) = (try Person.ofCall, now())
        return try await inventory.change { connection in
            var check = try connection.runnableCheck(reference.id, of: person.tenant)
            guard check.enabled else { throw RPCError(.conflict, "the check is switched off; switch it on") }
            let runs = try connection.runs(of: check.id)
            try Self.requirePause(after: runs, of: check, now)
            if let schedule = check.schedule?.restarted(at: now) {
                check.schedule = schedule
                check.updatedAt = now
                try connection.update(check, of: person.tenant)
            }
            for row in runs where row.run.endedAt == nil { try connection.setEnd(of: row.run.id, now) }
            var row = RunRow(byHand: person, check.id, parent: runs.first?.run.id, seconds: nil, at: now)
            if let schedule = check.schedule, try ScheduleTimes(schedule).isActive(at: now) {
                row.isOnce = false
                row.run.cause = .schedule
                row.run.until = nil
            }
            try connection.insert(row, of: person.tenant)
            return row.run
        }
    }

    private static func requirePause(after runs: [RunRow], of check: Check, _ now: Timestamp) throws(RPCError) {
        let probes = check.rate * check.intervalMilliseconds / (1_000 * ProbeLoad.unit)
        let pause = Duration.seconds(max(1, probes / probesPerSecond))
        guard let last = runs.first(where: \.isOrdered)?.run.startedAt, last <= now else { return }
        let left = pause - last.duration(to: now)
        guard left > .zero else { return }
        throw RPCError(
            .busy,
            "the check was started less than \(pause.components.seconds) s ago",
            data: ["retry_after_ms": .int(max(1, Int(left / .milliseconds(1))))]
        )
    }
}

extension RunRow {
    /// One that agents begin at once; without `seconds`, each runs the check one time.
    fileprivate init(byHand person: Person, _ check: CheckID, parent: RunID?, seconds: Int?, at now: Timestamp) {
        self.init(
            run: Run(
                id: .make(),
                checkID: check,
                parentID: parent,
                cause: .person,
                startedBy: person.email,
                startedAt: now,
                until: now.advanced(by: seconds.map { .seconds($0) } ?? SchedulePlan.orderLife)
            ),
            isOrdered: true,
            isOnce: seconds == nil
        )
    }
}

extension DatabaseConnection {
    /// Throws `notFound` when there is none, and `conflict` when its target is switched off.
    fileprivate func runnableCheck(_ id: CheckID, of tenant: TenantID) throws -> Check {
        guard let check = try check(id, of: tenant) else { throw RPCError.noCheck(id) }
        guard try target(check.targetID, of: tenant)?.enabled == true else {
            throw RPCError(.conflict, "the target is switched off; switch it on")
        }
        return check
    }
}
