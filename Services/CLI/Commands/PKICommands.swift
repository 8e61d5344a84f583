import Configuration
import Foundation

extension Command {
    static let pkiInit = Command(
        name: "pki init",
        synopsis: "DIR [--trust-domain NAME]",
        summary: "make a certificate authority",
        details: """
            Writes DIR/ca.crt and DIR/ca.key, and in DIR/agents the authority of agents that are enrolled. The trust
            domain is the first part of every identity that it will issue: spiffe://NAME/ns/NAMESPACE/sa/SERVICE; "sonde"
            when left out. Keep the keys to yourself.
            """,
        options: ["trust-domain"],
        run: { arguments in
            let directory = URL(filePath: try arguments.words("DIR")[0])
            let (_, isNew) = try LocalPKI.open(directory, trustDomain: arguments["trust-domain"] ?? "sonde")
            guard isNew else {
                throw CommandLineError(.cannotCreate, "\(directory.path())/ca.crt exists; it is left as it is")
            }
            Output.line("\(directory.path())/ca.crt")
        }
    )

    static let pkiIssue = Command(
        name: "pki issue",
        synopsis: "DIR SERVICE [--namespace NAME] [--lifetime TIME]",
        summary: "issue the identity of a service",
        details: """
            Writes DIR/SERVICE/tls.crt, tls.key and ca.crt, signed by the authority in DIR, and for those whom enrolled
            agents call agents.crt. A running service takes over new files by itself. The namespace is "default" and the
            lifetime 24h when left out.
            """,
        options: ["namespace", "lifetime"],
        run: { arguments in
            let words = try arguments.words("DIR", "SERVICE")
            let directory = URL(filePath: words[0])
            guard FileManager.default.fileExists(atPath: directory.appending(path: "ca.crt").path()) else {
                throw CommandLineError(.usage, "\(words[0]) holds no authority; make one with sonde pki init")
            }
            let milliseconds = try arguments.milliseconds("lifetime") ?? 86_400_000
            let folder = try LocalPKI.open(directory, trustDomain: "").pki.issue(
                words[1],
                namespace: arguments["namespace"] ?? "default",
                lifetime: .milliseconds(milliseconds)
            )
            Output.line(folder.path())
        }
    )
}
