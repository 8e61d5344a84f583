import EventLoop
import Foundation
import Synchronization

/// A real OpenID provider, glewlwyd of its Debian package, with one client and a person or two.
///
/// It has a free port of loopback and a directory of its own. Whatever becomes of the tests, it ends with their process,
/// and its directory goes too.
public final class OpenIDServer: Sendable {
    public static let clientID = "sonde"
    /// With letters that mean something in forms and in credentials.
    public static let clientSecret = "a-plain-secret"
    private static let scopes = ["openid", "email"]
    private static let schema = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"
    private static let modules = "/usr/lib/glewlwyd"

    private let directory: URL
    private let port: UInt16
    private let caretaker: Caretaker
    private let jars = Atomic(0)

    public var issuer: String { "\(api)/oidc" }
    private var api: String { "http://127.0.0.1:\(port)/api" }

    /// Returns when it signs people in, and sends them to `callback`; over with `client_secret_post` alone when told.
    public init(callback: String) async throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "sonde-openid-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        port = try freePort()
        let database = directory.appending(path: "database").path()
        try runProgram(
            "/usr/bin/sqlite3",
            [
                database, ".read \(Self.schema)",
                // Whether an address is verified is no field of a person by itself; and `email` is no scope.
                """
                UPDATE g_user_module_instance SET gumi_parameters = json_set(gumi_parameters,
                    '$.data-format.email_verified', json('{"multiple": false, "read": true, "write": true}'))
                """,
                "INSERT INTO g_scope (gs_name, gs_password_required) VALUES ('email', 0)",
                "UPDATE g_scope SET gs_password_required = 1 WHERE gs_name = 'openid'",
            ]
        )
        let file = directory.appending(path: "settings")
        try Data(Self.settings(port, database: database).utf8).write(to: file)
        caretaker = try Caretaker(
            server: ["/usr/bin/glewlwyd", "--config-file=\(file.path())"],
            in: directory.path
        )
        do {
            try await awaitListener(on: port)
            try call("POST", "/auth/", ["username": "admin", "password": "password"], jar: "admin")
            try call("POST", "/mod/plugin/", plugin(), jar: "admin")
            try call("POST", "/client/", client(callback), jar: "admin")
        } catch {
            stop()
            throw error
        }
    }

    public func addPerson(_ name: String, email: String, isVerified: Bool = true) throws {
        try call(
            "POST",
            "/user/",
            [
                "username": name, "email": email, "email_verified": isVerified ? "1" : "0", "enabled": true,
                "password": "the password of \(name)", "scope": Self.scopes,
            ],
            jar: "admin"
        )
    }

    /// Signs everything with another key from now on, and publishes no other.
    public func changeKey() throws {
        try call("PUT", "/mod/plugin/oidc", plugin(), jar: "admin")
        // What is changed takes effect when it is loaded again.
        try call("PUT", "/mod/plugin/oidc/disable", nil, jar: "admin")
        try call("PUT", "/mod/plugin/oidc/enable", nil, jar: "admin")
    }

    /// Does what a person does who follows a link to it: signs in, lets the client know, and is sent back.
    ///
    /// Returns where to.
    public func visit(_ url: String, as name: String) throws -> String {
        let jar = "person-\(jars.add(1, ordering: .relaxed).newValue)"
        try call("POST", "/auth/", ["username": name, "password": "the password of \(name)"], jar: jar)
        let scopes = Self.scopes.joined(separator: " ")
        try call("PUT", "/auth/grant/\(Self.clientID)", ["scope": scopes], jar: jar)
        return try curl(["--write-out", "%{redirect_url}", "--output", "/dev/null", "\(url)&g_continue"], jar: jar)
    }

    public func stop() {
        caretaker.dismiss()
    }

    private static func settings(_ port: UInt16, database: String) -> String {
        """
        port = \(port)
        bind_address = "127.0.0.1"
        external_url = "http://127.0.0.1:\(port)"
        login_url = "login.html"
        api_prefix = "api"
        log_mode = "console"
        log_level = "WARNING"
        cookie_secure = 0
        session_key = "session"
        login_api_enabled = true
        admin_session_authentication = "cookie"
        profile_session_authentication = "cookie"
        admin_scope = "g_admin"
        profile_scope = "g_profile"
        user_module_path = "\(modules)/user"
        client_module_path = "\(modules)/client"
        user_auth_scheme_module_path = "\(modules)/scheme"
        plugin_module_path = "\(modules)/plugin"
        hash_algorithm = "SHA512"
        database = { type = "sqlite3" path = "\(database)" }
        """
    }

    /// The settings of its OpenID Connect, with a key that is made for them.
    private func plugin() throws -> [String: Any] {
        let (key, certificate) = (directory.appending(path: "key").path(), directory.appending(path: "public").path())
        try runProgram("/usr/bin/openssl", ["genrsa", "-out", key, "2048"])
        try runProgram("/usr/bin/openssl", ["rsa", "-in", key, "-pubout", "-out", certificate])
        return [
            "module": "oidc", "name": "oidc", "display_name": "OpenID Connect", "enabled": true,
            "parameters": [
                "iss": issuer, "jwt-type": "rsa", "jwt-key-size": "256",
                "key": try String(contentsOfFile: key, encoding: .utf8),
                "cert": try String(contentsOfFile: certificate, encoding: .utf8),
                "allowed-scope": Self.scopes, "access-token-duration": 3_600, "refresh-token-duration": 3_600,
                "code-duration": 600, "refresh-token-rolling": true, "allow-non-oidc": false,
                "auth-type-code-enabled": true, "auth-type-code-revoke-replayed": true,
                "auth-type-token-enabled": false, "auth-type-id-token-enabled": true, "auth-type-none-enabled": false,
                "auth-type-password-enabled": false, "auth-type-client-enabled": false,
                "auth-type-device-enabled": false, "auth-type-refresh-enabled": false, "pkce-allowed": true,
                "pkce-required": true, "pkce-method-plain-allowed": false, "jwks-show": true, "subject-type": "public",
                "email-claim": "mandatory", "name-claim": "no", "scope-claim": "no",
                "claims": [
                    [
                        "name": "email_verified", "type": "boolean", "user-property": "email_verified",
                        "boolean-value-true": "1", "boolean-value-false": "0", "mandatory": true,
                        "on-demand": false, "scope": [String](),
                    ] as [String: Any]
                ],
            ] as [String: Any],
        ]
    }

    private func client(_ callback: String) -> [String: Any] {
        [
            "client_id": Self.clientID, "name": "Sonde", "confidential": true, "enabled": true,
            "client_secret": Self.clientSecret, "password": Self.clientSecret, "redirect_uri": [callback],
            "authorization_type": ["code"],
            "token_endpoint_auth_method": ["client_secret_basic", "client_secret_post"],
        ]
    }

    /// Throws when the answer is not a success.
    private func call(_ method: String, _ path: String, _ body: [String: Any]?, jar: String) throws {
        var arguments = ["--request", method, "--fail", "--output", "/dev/null", api + path]
        if let body {
            let file = directory.appending(path: "body-\(jar)")
            try JSONSerialization.data(withJSONObject: body).write(to: file)
            arguments += ["--header", "content-type: application/json", "--data-binary", "@\(file.path())"]
        }
        _ = try curl(arguments, jar: jar)
    }

    private func curl(_ arguments: [String], jar: String) throws -> String {
        let cookies = directory.appending(path: jar).path()
        let output = directory.appending(path: "output-\(jar)").path()
        let fixed = ["--silent", "--show-error", "--max-time", "30", "--cookie", cookies, "--cookie-jar", cookies]
        let child = try Child("/usr/bin/curl", fixed + arguments, output: output)
        let text = { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }
        guard child.wait() == 0 else { throw SystemError(code: EPROTO, message: text()) }
        return text()
    }
}
