import Contracts
import JSONRPC

extension Command {
    static let sessionList = Command(
        name: "session list",
        synopsis: "",
        summary: "list the spans of time that have a name",
        run: { arguments in
            _ = try arguments.words()
            let client = try APIClient(.load())
            var sessions: [Session] = []
            var cursor: String?
            repeat {
                let page = try await client.call(.listSessions, SessionFilter(limit: 200, cursor: cursor))
                sessions += page.sessions
                cursor = page.nextCursor
            } while cursor != nil
            guard !arguments.has("json") else { return try Output.json(SessionPage(sessions: sessions)) }
            Output.table(
                ["ID", "NAME", "FROM", "TO", "TARGETS", "MADE BY", "NOTE"],
                sessions.map { session in
                    [
                        session.id.rawValue, session.name, session.from.description, session.to?.description ?? "-",
                        session.targetIDs.isEmpty ? "all" : "\(session.targetIDs.count)", session.createdBy,
                        String(session.note.prefix { !$0.isNewline }.prefix(60)),
                    ]
                }
            )
        }
    )

    static let sessionAdd = Command(
        name: "session add",
        synopsis: "NAME --from TIME [--to TIME] [--note TEXT] [--target NAME[,NAME]] [--type TYPE[,TYPE]]",
        summary: "give a span of time a name",
        details: """
            TIME is such as 2026-01-31T12:00:00Z, or how long ago, such as 2h. A session without --to goes on. Its
            measurements are those of the targets and types that are named, or of all.

              sonde session add "outage in Lisbon" --from 3h --to 1h --target example.org
            """,
        options: ["from", "to", "note", "target", "type"],
        run: { arguments in
            let name = try arguments.words("NAME")[0]
            guard let from = try arguments.time("from") else { throw CommandLineError(.usage, "--from is missing") }
            let client = try APIClient(.load())
            let new = NewSession(
                name: name,
                from: from,
                to: try arguments.time("to"),
                note: arguments["note"],
                targetIDs: try await targetIDs(arguments["target"], client),
                types: try checkTypes(arguments["type"])
            )
            try show(try await client.call(.createSession, new), arguments)
        }
    )

    static let sessionChange = Command(
        name: "session change",
        synopsis: "SESSION [--name NAME] [--from TIME] [--to TIME] [--note TEXT] [--target …] [--type …]",
        summary: "change a session, or end one that goes on",
        details: "SESSION is an id or a name; what is not named stays as it is. `--to 0s` ends it now.",
        options: ["name", "from", "to", "note", "target", "type"],
        run: { arguments in
            let name = try arguments.words("SESSION")[0]
            let client = try APIClient(.load())
            var change = SessionChange(
                id: try await findSession(name, client).id,
                name: arguments["name"],
                to: try arguments.time("to"),
                note: arguments["note"]
            )
            change.from = try arguments.time("from")
            change.targetIDs = try await targetIDs(arguments["target"], client)
            change.types = try checkTypes(arguments["type"])
            try show(try await client.call(.updateSession, change), arguments)
        }
    )

    static let sessionRemove = Command(
        name: "session remove",
        synopsis: "SESSION",
        summary: "remove a session, and no measurements",
        details: "SESSION is an id or a name.",
        run: { arguments in
            let client = try APIClient(.load())
            let session = try await findSession(arguments.words("SESSION")[0], client)
            _ = try await client.call(.deleteSession, SessionRemoval(id: session.id))
            if arguments.has("json") { try Output.json(session) } else { Output.line("removed \(session.name)") }
        }
    )

    private static func show(_ session: Session, _ arguments: Arguments) throws {
        if arguments.has("json") { try Output.json(session) } else { Output.line(session.id.rawValue) }
    }

    /// The session that a person means by an id or a name.
    static func findSession(_ text: String, _ client: APIClient) async throws -> Session {
        if UUIDv7(text) != nil {
            return try await client.call(.getSession, SessionReference(id: SessionID(rawValue: text)))
        }
        let page = try await client.call(.listSessions, SessionFilter(name: text))
        guard let session = page.sessions.first else {
            throw CommandLineError(.failed, "there is no session \"\(text)\"")
        }
        return session
    }
}
