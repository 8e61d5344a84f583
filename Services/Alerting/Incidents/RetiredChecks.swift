import Contracts
import Database
import EventLoop
import JSONRPC
import Observability

/// Ends the incidents of checks that are watched no more: removed or switched off, or their target is, or their
/// schedule is over.
///
/// No measurement would ever end them. A check is asked for twice before it counts as retired, so that what its agent
/// had measured by then is evaluated first. An endpoint is retired, as an address that a name has no more, when its
/// agent has gone on with the others of the check for long enough.
struct RetiredChecks: Sendable {
    let book: AlertBook
    let orchestrator: RPCClient
    let interval: Duration
    let clock: LoopClock
    let now: @Sendable () -> Timestamp
    let log: Log

    /// Runs until it is cancelled.
    func run() async throws {
        var suspects: Set<CheckID> = []
        var hasFailed = false
        while true {
            let start = clock.now
            do {
                suspects = try await look(suspects)
                hasFailed = false
            } catch {
                // Without an answer nothing is known to be retired.
                suspects = []
                if !hasFailed, !Task.isCancelled {
                    log.warning("cannot tell which incidents are of retired checks", ["error": "\(error)"])
                }
                hasFailed = true
            }
            // So many incidents may fire that asking takes long; it takes a twentieth of the time at the most.
            try await clock.sleep(for: max(interval, start.duration(to: clock.now) * 20))
        }
    }

    /// Returns the checks that were found to be retired, and ends the incidents of those that were before.
    private func look(_ suspects: Set<CheckID>) async throws -> Set<CheckID> {
        try await retireEndpoints()
        let firing = try await book.read { try $0.firingChecks() }
        var retired: Set<CheckID> = []
        for (target, checks) in firing {
            retired.formUnion(checks.subtracting(try await watchedChecks(of: target)))
        }
        let confirmed = retired.intersection(suspects)
        guard !confirmed.isEmpty else { return retired }
        let now = now()
        try await book.changeRules { connection in
            for check in confirmed { try connection.retire(check, at: now) }
        }
        log.info("ended the incidents of retired checks", ["checks": "\(confirmed.count)"])
        return retired.subtracting(confirmed)
    }

    private func retireEndpoints() async throws {
        let retired = try await book.read { try $0.retiredEndpoints() }
        guard !retired.isEmpty else { return }
        let now = now()
        try await book.changeRules { connection in
            for key in retired { try connection.retire(key, at: now) }
        }
        log.info("ended the incidents of retired endpoints", ["endpoints": "\(retired.count)"])
    }

    private func watchedChecks(of target: TargetID) async throws -> Set<CheckID> {
        do {
            guard try await orchestrator.call(.getTarget, TargetReference(id: target)).enabled else { return [] }
            let checks = try await orchestrator.call(.listChecks, CheckFilter(targetID: target)).checks
            let now = now()
            return Set(checks.filter { $0.enabled && !$0.isOver(at: now) }.map(\.id))
        } catch let error as RPCError where error.code == .notFound {
            return []
        }
    }
}

extension Check {
    /// Whether its schedule has ended for good; one whose window is closed is watched again later.
    fileprivate func isOver(at now: Timestamp) -> Bool {
        schedule?.until.map { $0 <= now } ?? false
    }
}

extension DatabaseConnection {
    /// How long an endpoint may say nothing while others of its check do.
    private static var endpointPatience: Int64 { 600_000_000 }

    /// Endpoints with incidents that fire, of which nothing was heard for long, though much was of their siblings.
    fileprivate func retiredEndpoints() throws -> [Evaluator.Key] {
        try rows(
            """
            SELECT rule_id, check_id, agent_id, endpoint FROM streak
            WHERE incident_id IS NOT NULL AND endpoint <> '' AND newest < (
                SELECT max(newest) FROM streak AS sibling
                WHERE sibling.rule_id = streak.rule_id AND sibling.check_id = streak.check_id
                    AND sibling.agent_id = streak.agent_id) - \(Self.endpointPatience)
            """
        ) { row in
            Evaluator.Key(
                rule: RuleID(rawValue: try row.text(0)),
                check: CheckID(rawValue: try row.text(1)),
                agent: AgentID(rawValue: try row.text(2)),
                endpoint: try row.text(3)
            )
        }
    }

    fileprivate func retire(_ key: Evaluator.Key, at now: Timestamp) throws {
        let condition: SQL = """
            rule_id = \(key.rule.rawValue) AND check_id = \(key.check.rawValue)
                AND agent_id = \(key.agent.rawValue) AND endpoint = \(key.endpoint)
            """
        try resolveIncidents(where: condition, at: now)
        try execute("DELETE FROM streak WHERE \(condition)")
    }

    /// What has incidents that fire, by target.
    fileprivate func firingChecks() throws -> [TargetID: Set<CheckID>] {
        var checks: [TargetID: Set<CheckID>] = [:]
        try query("SELECT DISTINCT target_id, check_id FROM incident WHERE state = 'firing'") { row in
            checks[TargetID(rawValue: try row.text(0)), default: []].insert(CheckID(rawValue: try row.text(1)))
        }
        return checks
    }

    fileprivate func retire(_ check: CheckID, at now: Timestamp) throws {
        try resolveIncidents(where: "check_id = \(check.rawValue)", at: now)
        try execute("DELETE FROM streak WHERE check_id = \(check.rawValue)")
    }
}
