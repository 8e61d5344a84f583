import Foundation
import HTTP

/// What makes a host outside an agent: the packages of the agent, and the script that installs them.
///
/// `scripts/deb.sh` makes both.
struct AgentPackages: Sendable {
    static let script = "/install.sh"
    static let prefix = "/packages/"

    private static let pieceBytes = 64 << 10

    private struct File: Sendable {
        var content: [UInt8]
        var type: String
    }

    private var files: [String: File] = [:]

    /// Read once, takes no notice of files that are neither; without a folder there is nothing.
    init(directory: String?) throws {
        guard let directory else { return }
        let folder = URL(filePath: directory)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path()) {
            let path: String
            let type: String
            if name == "install.sh" {
                (path, type) = (Self.script, "text/x-shellscript; charset=utf-8")
            } else if name.wholeMatch(of: #/sonde-agent_[0-9A-Za-z.+~-]+_[0-9a-z-]+\.deb/#) != nil {
                (path, type) = (Self.prefix + name, "application/vnd.debian.binary-package")
            } else {
                continue
            }
            let content = try Data(contentsOf: folder.appending(path: name))
            files[path] = File(content: [UInt8](content), type: type)
        }
    }

    /// Whether a path is one of a package, or would be.
    static func covers(_ path: String) -> Bool { path == script || path.hasPrefix(prefix) }

    func response(to request: HTTPRequest) -> HTTPResponse {
        guard request.method == .get || request.method == .head else {
            return RESTHandler.allowing(["GET"], request)
        }
        guard let file = files[request.path] else {
            let absence = files.isEmpty ? "this gateway has no packages of the agent" : "there is no such package here"
            return Problem.response(404, absence)
        }
        return HTTPResponse(
            status: 200,
            fields: ["content-type": file.type, "cache-control": "no-cache"],
            body: .stream { writer in
                var rest = file.content[...]
                while !rest.isEmpty {
                    try await writer.write([UInt8](rest.prefix(Self.pieceBytes)))
                    rest = rest.dropFirst(Self.pieceBytes)
                }
            }
        )
    }
}
