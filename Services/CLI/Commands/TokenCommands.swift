import Configuration
import Contracts
import JSONRPC

extension Command {
    static let tokenList = Command(
        name: "token list",
        synopsis: "",
        summary: "list the API tokens of programs",
        run: { arguments in
            _ = try arguments.words()
            let list = try await APIClient(.load()).call(.listAPITokens, Empty())
            guard !arguments.has("json") else { return try Output.json(list) }
            Output.table(
                ["ID", "NAME", "OWNER", "ROLE", "SCOPES", "EXPIRES", "USED"],
                list.tokens.map { token in
                    [
                        token.id.rawValue, token.name, token.email, token.role.rawValue,
                        token.scopes.map { $0.map(\.rawValue).joined(separator: ",") } ?? "all",
                        token.expiresAt?.description ?? "never", token.usedAt?.description ?? "never",
                    ]
                }
            )
        }
    )

    static let tokenCreate = Command(
        name: "token create",
        synopsis: "NAME [--role ROLE] [--scope SCOPE[,SCOPE]] [--expires DURATION]",
        summary: "make an API token for a program",
        details: """
            ROLE is viewer when left out, and not more than your own. A SCOPE is such as target:read, or target:write
            for all that can be done with targets; without one the token may do what its role may. DURATION is such as
            90d, a year at most. The token is printed once; give it to the program as SONDE_TOKEN.

              sonde token create backup --scope measurement:read,target:read --expires 90d
            """,
        options: ["role", "scope", "expires"],
        run: { arguments in
            let name = try arguments.words("NAME")[0]
            guard let role = Role(rawValue: arguments["role"] ?? "viewer") else {
                throw CommandLineError(.usage, "--role must be one of viewer, editor, admin")
            }
            let request = APITokenRequest(
                name: name,
                role: role,
                scopes: arguments["scope"].map { $0.split(separator: ",").map(String.init) },
                expiresAt: try arguments.milliseconds("expires").map { milliseconds in
                    Timestamp.now.advanced(by: .milliseconds(milliseconds))
                }
            )
            let made = try await APIClient(.load()).call(.createAPIToken, request)
            guard !arguments.has("json") else { return try Output.json(made) }
            Output.line(made.token)
        }
    )

    static let tokenDelete = Command(
        name: "token delete",
        synopsis: "ID",
        summary: "end an API token",
        run: { arguments in
            let text = try arguments.words("ID")[0]
            guard UUIDv7(text) != nil else { throw CommandLineError(.usage, "\(text) is no token's id") }
            _ = try await APIClient(.load()).call(.deleteAPIToken, LoginReference(id: LoginID(rawValue: text)))
            Output.line("ended \(text)")
        }
    )
}
