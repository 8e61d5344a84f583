import Contracts
import JSONRPC

extension Command {
    static let checkRun = Command(
        name: "check run",
        synopsis: "CHECK [--for TIME]",
        summary: "run a check now, whatever its schedule says",
        details: """
            CHECK is the id that sonde check list shows. All its agents run it at once: one time, also if the check is
            switched off; or at its intervals for some time, with --for.
            """,
        options: ["for"],
        run: { arguments in
            let id = CheckID(rawValue: try arguments.words("CHECK")[0])
            let request = RunRequest(id: id, durationSeconds: try arguments.seconds("for"))
            try show(try await APIClient(.load()).call(.runCheck, request), arguments)
        }
    )

    static let checkRestart = Command(
        name: "check restart",
        synopsis: "CHECK",
        summary: "end the run of a check, and begin another one now",
        details: """
            CHECK is the id that sonde check list shows. A schedule that says how long the check runs begins now; one of
            windows stays as it is, and while none is open the check runs one time.
            """,
        run: { arguments in
            let id = CheckID(rawValue: try arguments.words("CHECK")[0])
            try show(try await APIClient(.load()).call(.restartCheck, CheckReference(id: id)), arguments)
        }
    )

    static let checkRuns = Command(
        name: "check runs",
        synopsis: "CHECK",
        summary: "list when a check ran because its schedule or somebody said so",
        details: "CHECK is the id that sonde check list shows.",
        run: { arguments in
            let id = CheckID(rawValue: try arguments.words("CHECK")[0])
            let list = try await APIClient(.load()).call(.listRuns, CheckReference(id: id))
            guard !arguments.has("json") else { return try Output.json(list) }
            Output.table(
                ["RUN", "PARENT", "STARTED", "ENDED", "BY"],
                list.runs.map { run in
                    [
                        run.id.rawValue, run.parentID?.rawValue ?? "-", run.startedAt.description,
                        run.endedAt?.description ?? run.until.map { "until \($0)" } ?? "-",
                        run.startedBy ?? run.cause.rawValue,
                    ]
                }
            )
        }
    )

    static let checkSchedule = Command(
        name: "check schedule",
        synopsis: "CHECK \(Schedule.argumentSynopsis) [--recurrence continue|new] [--always]",
        summary: "say when a check runs",
        details: """
            CHECK is the id that sonde check list shows. What is said replaces the schedule that it has; --always takes it
            away.

            \(Schedule.argumentHelp)
            """,
        options: Schedule.argumentNames,
        flags: ["always"],
        run: { arguments in
            let id = CheckID(rawValue: try arguments.words("CHECK")[0])
            let schedule = try Schedule(arguments)
            guard (schedule == nil) == arguments.has("always") else {
                throw CommandLineError(.usage, "say when, or --always; try --help")
            }
            let change = CheckChange(id: id, schedule: schedule ?? Schedule())
            let check = try await APIClient(.load()).call(.updateCheck, change)
            guard !arguments.has("json") else { return try Output.json(check) }
            Output.line(check.schedule.map { "\(check.id): \($0.summary)" } ?? "\(check.id): always")
        }
    )

    private static func show(_ run: Run, _ arguments: Arguments) throws {
        if arguments.has("json") { try Output.json(run) } else { Output.line(run.id.rawValue) }
    }
}
