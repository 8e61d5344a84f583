import Configuration
import Contracts
import JSONRPC

extension Command {
    static let retentionShow = Command(
        name: "retention show",
        synopsis: "[--tenant ID]",
        summary: "tell how long measurements and their sums are kept",
        details: "--tenant is for who runs the installation; without it, it is the tenant that you are signed in to.",
        options: ["tenant"],
        run: { arguments in
            _ = try arguments.words()
            let client = try APIClient(.load())
            let retention =
                if let tenant = arguments["tenant"] {
                    try await client.call(.getTenantRetention, TenantReference(id: TenantID(rawValue: tenant)))
                } else {
                    try await client.call(.getRetention, Empty())
                }
            try show(retention, arguments)
        }
    )

    static let retentionSet = Command(
        name: "retention set",
        synopsis: "[--rows TIME] [--minutes TIME] [--hours TIME] [--days TIME] [--tenant ID]",
        summary: "keep measurements and their sums for a shorter time than others",
        details: """
            TIME is in whole days, such as 30d: of measurements themselves, and of their sums by minute, hour and day,
            each at least as long as the one before. What is not named stays as it is. What is older is removed, and a
            longer time brings nothing back. --tenant sets the longest that another tenant may choose, and is for who
            runs the installation.

              sonde retention set --rows 7d --minutes 30d
            """,
        options: ["rows", "minutes", "hours", "days", "tenant"],
        run: { arguments in
            _ = try arguments.words()
            let change = RetentionChange(
                rows: try arguments.wholeDays("rows"),
                minutes: try arguments.wholeDays("minutes"),
                hours: try arguments.wholeDays("hours"),
                days: try arguments.wholeDays("days")
            )
            guard change != RetentionChange() else {
                throw CommandLineError(.usage, "say for how long, with --rows, --minutes, --hours or --days")
            }
            let client = try APIClient(.load())
            guard let tenant = arguments["tenant"] else {
                return try show(try await client.call(.updateRetention, change), arguments)
            }
            let limits = RetentionLimitChange(
                id: TenantID(rawValue: tenant),
                rows: change.rows,
                minutes: change.minutes,
                hours: change.hours,
                days: change.days
            )
            try show(try await client.call(.limitTenantRetention, limits), arguments)
        }
    )

    private static func show(_ retention: Retention, _ arguments: Arguments) throws {
        guard !arguments.has("json") else { return try Output.json(retention) }
        let (kept, limit) = (retention.kept, retention.limit)
        Output.table(
            ["WHAT", "KEPT", "AT MOST"],
            [
                ["rows", "\(kept.rows)d", "\(limit.rows)d"],
                ["minutes", "\(kept.minutes)d", "\(limit.minutes)d"],
                ["hours", "\(kept.hours)d", "\(limit.hours)d"],
                ["days", "\(kept.days)d", "\(limit.days)d"],
            ]
        )
    }
}

extension Arguments {
    fileprivate func wholeDays(_ name: String) throws(CommandLineError) -> Int? {
        guard let text = self[name] else { return nil }
        guard let seconds = Duration(text: text)?.components.seconds, seconds > 0, seconds % 86_400 == 0 else {
            throw CommandLineError(.usage, "--\(name) must be whole days such as 30d, got \"\(text)\"")
        }
        return Int(seconds / 86_400)
    }
}
