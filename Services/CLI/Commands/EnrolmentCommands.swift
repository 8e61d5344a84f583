import Configuration
import Contracts
import JSONRPC
import TLS

extension Command {
    static let agentEnrol = Command(
        name: "agent enrol",
        synopsis: "--name NAME [--labels KEY=VALUE[,KEY=VALUE]] [--expires DURATION]",
        summary: "let a host outside become an agent",
        details: """
            Prints what is to be run on that host, with a token that is good once and for DURATION: from 1h to 7d, and
            24h when left out. The agent may go by this name only, and has these labels whatever it says of itself.
            The script that installs the agent is the gateway's, and has the digests of its packages in it.

              sonde agent enrol --name host7 --labels zone=branch
            """,
        options: ["name", "labels", "expires"],
        run: { arguments in
            _ = try arguments.words()
            guard let name = arguments["name"] else { throw CommandLineError(.usage, "--name is missing; try --help") }
            let seconds = try arguments.milliseconds("expires").map { $0 / 1_000 }
            guard (3_600...604_800).contains(seconds ?? 3_600) else {
                throw CommandLineError(.usage, "--expires must be from 1h to 7d")
            }
            let labels = try arguments.labels("labels")
            let request = EnrolmentRequest(name: name, labels: labels, lifetimeSeconds: seconds)
            let session = try SessionFile.load()
            let client = try APIClient(session)
            guard !arguments.has("json") else { return try Output.json(await client.call(.createEnrolment, request)) }
            // Before the token is made, which is shown once.
            let script = try await client.page("/install.sh")
            let made = try await client.call(.createEnrolment, request)
            let target = "--url \(session.url) --token \(made.token)"
            Output.line("run this on \(name), once, before \(made.enrolment.expiresAt):")
            if let script {
                let digest = sha256(script).hexadecimal
                Output.line("  curl -fsSLO \(session.url)/install.sh \\")
                Output.line("    && echo \"\(digest)  install.sh\" | sha256sum -c \\")
                Output.line("    && sudo sh install.sh \(target)")
                Output.line("or, where the program is already:")
            }
            Output.line("  probe-agent enrol \(target) --identity /etc/sonde/identity")
        }
    )

    static let agentEnrolments = Command(
        name: "agent enrolments",
        synopsis: "",
        summary: "list the hosts that may become agents, or did",
        run: { arguments in
            _ = try arguments.words()
            let list = try await APIClient(.load()).call(.listEnrolments, Empty())
            guard !arguments.has("json") else { return try Output.json(list) }
            Output.table(
                ["ID", "NAME", "LABELS", "MADE BY", "TOKEN ENDS", "USED", "CERTIFICATE ENDS"],
                list.enrolments.map { enrolment in
                    [
                        enrolment.id.rawValue, enrolment.name, Output.labels(enrolment.labels), enrolment.createdBy,
                        enrolment.expiresAt.description, enrolment.usedAt?.description ?? "never",
                        enrolment.certificateEndsAt?.description ?? "-",
                    ]
                }
            )
        }
    )

    static let agentDisenrol = Command(
        name: "agent disenrol",
        synopsis: "ID",
        summary: "take an enrolment back",
        details:
            "ID is of sonde agent enrolments. Its token is void, and its agent gets no more work and certificates.",
        run: { arguments in
            let text = try arguments.words("ID")[0]
            guard UUIDv7(text) != nil else { throw CommandLineError(.usage, "\(text) is no enrolment's id") }
            let reference = EnrolmentReference(id: EnrolmentID(rawValue: text))
            _ = try await APIClient(.load()).call(.deleteEnrolment, reference)
            Output.line("took back \(text)")
        }
    )
}
