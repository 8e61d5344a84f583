import Contracts

/// When no incident of which target begins.
struct MaintenanceTimes: Equatable, Sendable {
    private let spans: [TargetID: [Range<Timestamp>]]

    init(_ calendar: MaintenanceCalendar = MaintenanceCalendar(entries: [])) {
        var spans: [TargetID: [Range<Timestamp>]] = [:]
        for entry in calendar.entries where entry.from < entry.to {
            for target in entry.targetIDs { spans[target, default: []].append(entry.from..<entry.to) }
        }
        self.spans = spans
    }

    func covers(_ target: TargetID, at time: Timestamp) -> Bool {
        spans[target]?.contains { $0.contains(time) } ?? false
    }
}
