import Foundation
import JSONRPC

/// The `sonde` program.
public enum SondeCommand {
    /// Runs a command line, without the program's name; ends the process with what came of it.
    public static func main(_ arguments: [String]) async -> Never {
        do {
            try await run(arguments)
            exit(0)
        } catch let error as CommandLineError {
            // What is different has been printed.
            if error.code != .different { Output.complain(error.description) }
            exit(error.code.rawValue)
        } catch let error as RPCError {
            Output.complain(error.message)
            exit(error.code == .unavailable ? CommandLineError.Code.unavailable.rawValue : 1)
        } catch {
            Output.complain("\(error)")
            exit(1)
        }
    }

    static func run(_ arguments: [String]) async throws {
        guard let first = arguments.first, first != "help", !isHelp(first) else {
            return Output.line(arguments.dropFirst().first.flatMap(Command.overview) ?? Command.overview)
        }
        guard let (command, rest) = Command.find(arguments == ["--version"] ? ["version"] : arguments) else {
            let group = Command.overview(of: first)
            if let group, arguments.dropFirst().allSatisfy(isHelp) { return Output.line(group) }
            let hint = group == nil ? "sonde help" : "sonde \(first) --help"
            throw CommandLineError(
                .usage,
                "there is no command \"\(arguments.prefix(2).joined(separator: " "))\"; try \(hint)"
            )
        }
        // What follows a `--` is not ours.
        let own = rest.prefix { $0 != "--" }
        guard !own.contains(where: isHelp) else { return Output.line(command.help) }
        try await command.run(Arguments(rest, options: command.options, flags: command.flags.union(["json"])))
    }

    private static func isHelp(_ argument: String) -> Bool { ["--help", "-h"].contains(argument) }
}
