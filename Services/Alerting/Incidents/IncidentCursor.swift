import Contracts

/// Where a page of incidents ended: the last one's place in the order.
struct IncidentCursor: Equatable {
    var startedAt: Timestamp
    var id: IncidentID

    init(after incident: Incident) {
        startedAt = incident.startedAt
        id = incident.id
    }

    /// `nil` for a text that `text` did not make.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let time = Int64(parts[0]), let uuid = UUIDv7(String(parts[1])) else { return nil }
        startedAt = Timestamp(microseconds: time)
        id = IncidentID(rawValue: uuid.description)
    }

    /// The cursor as text that stands in a URL as it is.
    var text: String { "\(startedAt.microseconds).\(id)" }
}
