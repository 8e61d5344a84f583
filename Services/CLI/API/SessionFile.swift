import Foundation
import JSON

/// Where somebody signed in, and the token that keeps the session; readable by its owner alone.
struct SessionFile: Codable {
    var url: String
    var refreshToken: String

    /// `SONDE_SESSION`, or a file in the user's folder for settings.
    static var path: URL {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["SONDE_SESSION"] { return URL(filePath: path) }
        let home = environment["XDG_CONFIG_HOME"] ?? "\(environment["HOME"] ?? ".")/.config"
        return URL(filePath: home).appending(path: "sonde/session.json")
    }

    /// `SONDE_TOKEN`, without the line feed that a file of secrets may end with; `nil` when it is empty.
    static var apiToken: String? {
        let token = ProcessInfo.processInfo.environment["SONDE_TOKEN"]?.trimmingCharacters(in: .whitespacesAndNewlines)
        return token?.isEmpty == false ? token : nil
    }

    /// With an API token nobody has to sign in: `SONDE_URL` says where, or else the session that there is.
    static func load() throws -> SessionFile {
        if let url = ProcessInfo.processInfo.environment["SONDE_URL"], apiToken != nil {
            return try SessionFile(url: url, refreshToken: "")
        }
        guard let data = try? Data(contentsOf: path) else {
            throw CommandLineError(
                .usage,
                "nobody is signed in; run sonde login first, or set SONDE_URL and SONDE_TOKEN"
            )
        }
        return try decodeJSON(SessionFile.self, from: [UInt8](data))
    }

    init(url: String, refreshToken: String) throws {
        self.url = url
        self.refreshToken = refreshToken
        guard !host.isEmpty else { throw CommandLineError(.usage, "\(url) is no http or https URL") }
    }

    func save() throws {
        let folder = Self.path.deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let isWritten = FileManager.default.createFile(
            atPath: Self.path.path(),
            contents: Data(try encodeJSON(self)),
            attributes: [.posixPermissions: 0o600]
        )
        guard isWritten else { throw CommandLineError(.cannotCreate, "\(Self.path.path()) cannot be written") }
    }

    var isEncrypted: Bool { url.hasPrefix("https://") }
    var host: String { URL(string: url)?.host() ?? "" }
    var authority: String { URL(string: url).map { $0.port.map { "\(host):\($0)" } ?? host } ?? host }
    var endpoint: String { "\(host):\(URL(string: url)?.port ?? (isEncrypted ? 443 : 80))" }
}
