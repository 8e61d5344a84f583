import Contracts
import JSONRPC
import Observability

extension Command {
    static let maintenanceList = Command(
        name: "maintenance list",
        synopsis: "",
        summary: "list the times of planned work",
        run: { arguments in
            _ = try arguments.words()
            let list = try await APIClient(.load()).call(.listMaintenance, Empty())
            guard !arguments.has("json") else { return try Output.json(list) }
            let now = Timestamp.now
            Output.table(
                ["ID", "STATE", "FROM", "TO", "TARGETS", "LABELS", "MADE BY", "REASON"],
                list.maintenance.map { maintenance in
                    [
                        maintenance.id.rawValue, Output.state(from: maintenance.from, to: maintenance.to, at: now),
                        maintenance.from.description, maintenance.to.description, "\(maintenance.targetIDs.count)",
                        Output.labels(maintenance.labels), maintenance.createdBy, maintenance.reason,
                    ]
                }
            )
        }
    )

    static let maintenanceAdd = Command(
        name: "maintenance add",
        synopsis: "REASON [--target NAME[,NAME]] [--labels KEY=VALUE[,KEY=VALUE]] [--from TIME] --to TIME",
        summary: "have no incident of some targets begin for some time",
        details: """
            TIME is such as 2026-01-31T12:00:00Z, or how far ahead, such as 2h; without --from it begins now. The targets
            are those that are named, and those that have all the labels. They are measured as always, and what is an
            incident already ends as always.

              sonde maintenance add "new switch" --target example.org --to 2h
            """,
        options: ["target", "labels", "from", "to"],
        run: { arguments in
            let reason = try arguments.words("REASON")[0]
            guard let to = try arguments.timeAhead("to") else { throw CommandLineError(.usage, "--to is missing") }
            guard arguments["target"] != nil || arguments["labels"] != nil else {
                throw CommandLineError(.usage, "say which targets, with --target or --labels")
            }
            let from = try arguments.timeAhead("from")
            let client = try APIClient(.load())
            let new = NewMaintenance(
                reason: reason,
                from: from ?? .now,
                to: to,
                targetIDs: try await targetIDs(arguments["target"], client),
                labels: try arguments.labels("labels")
            )
            let maintenance = try await client.call(.createMaintenance, new)
            if arguments.has("json") { try Output.json(maintenance) } else { Output.line(maintenance.id.rawValue) }
        }
    )

    static let maintenanceRemove = Command(
        name: "maintenance remove",
        synopsis: "MAINTENANCE",
        summary: "end planned work, or call it off",
        details: "MAINTENANCE is the id that sonde maintenance list shows.",
        run: { arguments in
            let reference = MaintenanceReference(id: MaintenanceID(rawValue: try arguments.words("MAINTENANCE")[0]))
            _ = try await APIClient(.load()).call(.deleteMaintenance, reference)
            if arguments.has("json") { try Output.json(reference) } else { Output.line("removed \(reference.id)") }
        }
    )
}
