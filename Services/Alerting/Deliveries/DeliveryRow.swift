import Contracts
import Database

extension DatabaseConnection {
    /// To every receiver there is.
    func announceFiring(of incident: IncidentID, of tenant: TenantID, at now: Timestamp) throws {
        try execute(
            """
            INSERT INTO delivery (incident_id, transition, receiver_id, state, attempts, created_at,
                next_attempt_at, outcome)
            SELECT \(incident.rawValue), 'firing', id, 'pending', 0, \(now.microseconds), \(now.microseconds), ''
            FROM receiver WHERE tenant = \(tenant.rawValue)
            """
        )
    }

    /// To those receivers who were told of the beginning, or still will be: not of one that a silence held back.
    func announceResolved(of incident: IncidentID, at now: Timestamp) throws {
        try execute(
            """
            UPDATE delivery SET state = 'skipped', outcome = 'silenced'
            WHERE incident_id = \(incident.rawValue) AND \(isSilenced(at: now))
            """
        )
        try tellEnd(of: incident, where: "state NOT IN ('failed', 'skipped')", at: now)
    }

    private func tellEnd(of incident: IncidentID, where condition: SQL, at now: Timestamp) throws {
        try execute(
            """
            INSERT INTO delivery (incident_id, transition, receiver_id, state, attempts, created_at,
                next_attempt_at, outcome)
            SELECT incident_id, 'resolved', receiver_id, 'pending', 0, \(now.microseconds), \(now.microseconds), ''
            FROM delivery
            WHERE incident_id = \(incident.rawValue) AND transition = 'firing' AND \(condition)
            ON CONFLICT DO NOTHING
            """
        )
    }

    /// That a silence holds a row of `delivery` back: a beginning that nobody has tried to tell yet.
    private func isSilenced(at now: Timestamp) -> SQL {
        """
        delivery.transition = 'firing' AND delivery.state = 'pending' AND delivery.attempts = 0 AND EXISTS (
            SELECT 1 FROM silence JOIN incident ON incident.id = delivery.incident_id
            WHERE \(Silence.holds(at: now)))
        """
    }

    /// The oldest deliveries to a receiver that are due and that no silence holds back; an end waits until its beginning
    /// was told.
    ///
    /// A time too far ahead is due as well: the clock was set back since it was written.
    func dueDeliveries(to receiver: Receiver, at now: Timestamp, within last: Duration, limit: Int) throws -> [Delivery]
    {
        try rows(
            """
            SELECT \(Incident.columns), delivery.transition, delivery.attempts, delivery.created_at
            FROM delivery JOIN incident ON incident.id = delivery.incident_id
            WHERE receiver_id = \(receiver.id.rawValue) AND delivery.state = 'pending'
                AND (next_attempt_at <= \(now.microseconds)
                    OR next_attempt_at > \(now.advanced(by: last).microseconds))
                AND (transition = 'firing' OR NOT EXISTS (
                    SELECT 1 FROM delivery AS beginning
                    WHERE beginning.incident_id = delivery.incident_id AND beginning.transition = 'firing'
                        AND beginning.receiver_id = delivery.receiver_id AND beginning.state = 'pending'))
                AND NOT (\(isSilenced(at: now)))
            ORDER BY next_attempt_at LIMIT \(limit)
            """
        ) { try Delivery($0, to: receiver) }
    }

    /// When the next delivery is due that is not yet, or a silence ends that may hold one back.
    func nextDelivery(after now: Timestamp) throws -> Timestamp? {
        let next: Int64?? = try value(
            "SELECT min(next_attempt_at) FROM delivery WHERE state = 'pending' AND next_attempt_at > \(now.microseconds)"
        )
        let times = [(next ?? nil).map(Timestamp.init(microseconds:)), try nextEndOfSilence(after: now)]
        return times.compactMap(\.self).min()
    }

    /// Writes down what came of an attempt; `next` is when to try again.
    func record(
        _ state: Delivery.State,
        _ outcome: String,
        of delivery: Delivery,
        at now: Timestamp,
        next: Timestamp
    ) throws {
        let key = delivery.key
        try execute(
            """
            UPDATE delivery SET state = \(state.rawValue), outcome = \(outcome), attempts = \(delivery.attempts + 1),
                next_attempt_at = \(next.microseconds)
            WHERE incident_id = \(key.incident.rawValue) AND transition = \(key.transition.rawValue)
                AND receiver_id = \(key.receiver.rawValue)
            """
        )
        guard key.transition == .firing, state != .pending else { return }
        guard state == .failed else {
            // It ended while this was under way, and a silence had begun by then.
            let isTold: SQL = """
                receiver_id = \(key.receiver.rawValue) AND EXISTS (
                    SELECT 1 FROM incident WHERE id = \(key.incident.rawValue) AND state = 'resolved')
                """
            return try tellEnd(of: key.incident, where: isTold, at: now)
        }
        try execute(
            """
            UPDATE delivery SET state = 'skipped'
            WHERE incident_id = \(key.incident.rawValue) AND transition = 'resolved'
                AND receiver_id = \(key.receiver.rawValue) AND state = 'pending'
            """
        )
    }
}

extension Delivery {
    /// Of the incident's columns and the delivery's transition, attempts and time of making.
    fileprivate init(_ row: any DatabaseRow, to receiver: Receiver) throws {
        let transition: Incident.State = try row.word(14)
        let createdAt = Timestamp(microseconds: try row.integer(16))
        var incident = try Incident(row, at: createdAt)
        if transition == .firing, let end = incident.endedAt {
            // It ended before anyone was told that it began.
            incident.state = .firing
            incident.endedAt = nil
            incident.durationMilliseconds =
                Int(incident.startedAt.duration(to: min(end, createdAt)) / .milliseconds(1))
        }
        self.init(
            receiver: receiver,
            notice: IncidentNotice(transition: transition, incident: incident, receiver: receiver.name),
            attempts: try row[15],
            createdAt: createdAt
        )
    }
}
