import Contracts
import JSON

extension Command {
    static let version = Command(
        name: "version",
        synopsis: "",
        summary: "print the version",
        run: { arguments in
            _ = try arguments.words()
            if arguments.has("json") {
                try Output.json(["version": Release.version])
            } else {
                Output.line("sonde \(Release.version)")
            }
        }
    )
}
