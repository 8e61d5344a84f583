import Contracts

/// One transition of one incident, to be told to one receiver.
struct Delivery: Sendable {
    struct Key: Hashable, Sendable {
        var incident: IncidentID
        var transition: Incident.State
        var receiver: ReceiverID

        /// The same for every attempt, so that a receiver can tell a second attempt from a second incident.
        var idempotencyKey: String { "\(incident).\(transition.rawValue).\(receiver)" }
    }

    enum State: String, Sendable {
        case pending
        case delivered
        /// For good.
        case failed
        /// An end that is not told, because its beginning could not be.
        case skipped
    }

    var receiver: Receiver
    /// The incident as it was at the transition: the same for every attempt.
    var notice: IncidentNotice
    var attempts: Int
    var createdAt: Timestamp

    var key: Key {
        Key(incident: notice.incident.id, transition: notice.transition, receiver: receiver.id)
    }
}
