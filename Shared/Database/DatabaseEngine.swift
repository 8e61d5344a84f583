/// Which engine runs the statements, for the few that cannot be the same for each.
public enum DatabaseEngine: Sendable, Hashable, CaseIterable {
    case sqlite, postgres
}
