import Contracts
import Probing

extension MeasurementRow {
    init(_ result: CheckResult) {
        self.init(
            id: result.id,
            timestamp: result.outcome.startedAt,
            latency: result.outcome.latencyMilliseconds,
            status: result.outcome.status,
            reason: result.outcome.reason,
            sent: result.outcome.sent,
            received: result.outcome.received,
            metadata: result.outcome.metadata.bytes
        )
    }
}

extension MeasurementSeries {
    init(_ assignment: Assignment, _ result: CheckResult) {
        self.init(
            checkID: assignment.check.id,
            targetID: assignment.check.targetID,
            target: assignment.targetName,
            type: result.type,
            endpoint: result.endpoint,
            intervalMilliseconds: result.type == assignment.check.type ? assignment.check.intervalMilliseconds : nil
        )
    }
}
