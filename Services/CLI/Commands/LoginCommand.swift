import Contracts
import Foundation

extension Command {
    static let login = Command(
        name: "login",
        synopsis: "[--url URL] [--email ADDRESS] [--tenant ID]",
        summary: "sign in to a gateway",
        details: """
            URL is http://localhost:8080 and the address admin@localhost when left out. Who is a member of several
            tenants goes where they were last, or to the one whose ID is named. The password is read from
            SONDE_PASSWORD, or from the terminal. The session is kept in ~/.config/sonde/session.json
            (SONDE_SESSION), readable by you alone.
            """,
        options: ["url", "email", "tenant"],
        run: { arguments in
            _ = try arguments.words()
            let url = arguments["url"] ?? "http://localhost:8080"
            let email = arguments["email"] ?? "admin@localhost"
            let credentials = Credentials(
                email: email,
                password: try readPassword(),
                tenant: arguments["tenant"].map { TenantID(rawValue: $0) }
            )
            try await APIClient(signingInTo: url, credentials).save()
            Output.line("signed in to \(url) as \(email)")
        }
    )

    private static func readPassword() throws -> String {
        if let password = ProcessInfo.processInfo.environment["SONDE_PASSWORD"] { return password }
        guard isatty(0) == 1 else {
            guard let line = readLine() else { throw CommandLineError(.usage, "no password on standard input") }
            return line
        }
        guard let password = unsafe getpass("Password: ") else { throw CommandLineError(.usage, "no password") }
        return unsafe String(cString: password)
    }
}
