import Contracts
import EventLoop
import Foundation
import JSONRPC
import YAML

extension Command {
    private static let fileHelp = """
        Each FILE is YAML or JSON, with lists of targets, rules, receivers, silences and maintenance; a folder stands for
        all files in it that end in .yaml, .yml or .json, and - for standard input. -f may stand before each. --set names
        the set that the targets belong to, as "set: NAME" in a file does; --prune also removes the targets of that set
        that no file declares, and checks, rules and silences of its targets that are not in their lists. docs/config.md
        has the rest.
        """

    static let plan = Command(
        name: "plan",
        synopsis: "-f FILE… [--set NAME] [--prune]",
        summary: "say what apply would do, and do nothing",
        details: """
            \(fileHelp)

            Ends with 0 when there is nothing to do, with 2 when there is, and with another code when it cannot tell.
            """,
        options: ["set"],
        flags: ["prune"],
        run: { arguments in
            let declarations = try declarations(arguments)
            let client = try APIClient(.load())
            let plan = try await plan(declarations, client, arguments)
            if arguments.has("json") {
                try Output.json(PlanReport(plan))
            } else {
                for line in PlanReport.lines(plan) { Output.line(line) }
            }
            guard !plan.steps.isEmpty else { return }
            throw CommandLineError(.different, "there is something to do")
        }
    )

    static let apply = Command(
        name: "apply",
        synopsis: "-f FILE… [--set NAME] [--prune] [--watch]",
        summary: "make targets, rules, receivers, silences and maintenance be as files declare them",
        details: """
            \(fileHelp)

            Applied again, it does nothing. When a step fails, those before it stay done, those after it are not begun,
            and the command ends with 1.

            --watch goes on until Ctrl-C: files that change are applied when they have stayed the same for a second,
            and what failed is tried again. Files that are wrong change nothing until they are put right.
            """,
        options: ["set"],
        flags: ["prune", "watch"],
        run: { arguments in
            guard !arguments.has("watch") else { return try await watch(arguments) }
            let declarations = try declarations(arguments)
            try await apply(declarations, APIClient(.load()), arguments)
        }
    )

    static let configExport = Command(
        name: "config export",
        synopsis: "[--set NAME]",
        summary: "write all that files can declare as a file that declares it",
        details: """
            The file is YAML, and applied as it is changes nothing. What is over of silences and maintenance is left out.
            With --set, it has the targets of that set only, with their rules and silences. Addresses of webhooks are in it whole: keep it as you would keep a password.
            """,
        options: ["set"],
        run: { arguments in
            _ = try arguments.words()
            let installed = try await Installed(readWith: APIClient(.load()), silences: true, maintenance: true)
            let set = arguments["set"]
            guard set == nil || installed.targets.contains(where: { $0.labels[Declarations.label] == set }) else {
                throw CommandLineError(.failed, "no target belongs to the set \(set ?? "")")
            }
            let document = try ConfigExport(installed, set: set, at: .now).document()
            if arguments.has("json") { try Output.json(document.json) } else { Output.text(YAMLWriter.text(document)) }
        }
    )

    private static func apply(_ declared: Declarations, _ client: APIClient, _ arguments: Arguments) async throws {
        let plan = try await plan(declared, client, arguments)
        let isJSON = arguments.has("json")
        var run = ApplyRun(client)
        let outcome = try await run.all(of: plan) { if !isJSON { Output.line($0.title) } }
        if isJSON { try Output.json(ApplyReport(outcome, plan)) } else { tell(outcome, plan) }
        guard let failure = outcome.failure else { return }
        throw CommandLineError(.failed, "\(failure.step.title): \(failure.reason)")
    }

    /// Returns when a signal came.
    private static func watch(_ arguments: Arguments) async throws {
        let paths = try paths(arguments)
        guard !paths.contains("-") else {
            throw CommandLineError(.usage, "--watch takes files and folders, and not standard input")
        }
        let client = try APIClient(.load())
        let signals = try SignalWaiter([SIGTERM, SIGINT])
        let loop = try EventLoop(name: "watch")
        try loop.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await signals.wait(on: loop) }
            group.addTask {
                var watch = ApplyWatch(paths, clock: LoopClock(loop)) { files in
                    try await apply(declarations(in: files, arguments), client, arguments)
                }
                try await watch.run()
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private static func tell(_ outcome: ApplyRun.Outcome, _ plan: Plan) {
        for note in plan.notes { Output.line("# \(note)") }
        for step in outcome.left { Output.line("not done: \(step.title)") }
        let count = outcome.done.count
        if outcome.failure == nil { Output.line(count == 0 ? "nothing to do" : "\(count) done") }
    }

    /// The files that a command line names, read and checked.
    static func declarations(_ arguments: Arguments) throws(CommandLineError) -> Declarations {
        try declarations(in: DeclarationFile.read(paths(arguments)), arguments)
    }

    static func paths(_ arguments: Arguments) throws(CommandLineError) -> [String] {
        let paths = arguments.words.filter { $0 != "-f" }
        guard !paths.isEmpty else { throw CommandLineError(.usage, "FILE is missing; try --help") }
        return paths
    }

    static func declarations(
        in files: [DeclarationFile],
        _ arguments: Arguments
    ) throws(CommandLineError) -> Declarations {
        var declarations = try Declarations(files)
        guard let set = arguments["set"] else { return declarations }
        guard Declarations.setLength.contains(set.count) else {
            throw CommandLineError(.usage, "--set must have 1 to 256 characters")
        }
        guard declarations.set ?? set == set else {
            throw CommandLineError(.usage, "--set is \(set), but the files say \(declarations.set ?? "")")
        }
        declarations.set = set
        return declarations
    }

    static func plan(_ declared: Declarations, _ client: APIClient, _ arguments: Arguments) async throws -> Plan {
        let installed = try await Installed(
            readWith: client,
            silences: declared.silences != nil,
            maintenance: declared.maintenance != nil
        )
        return try Planner.plan(declared, installed, prunes: arguments.has("prune"), at: .now)
    }
}

/// What `apply --json` says.
struct ApplyReport: Encodable {
    struct Failure: Encodable {
        var step: PlanReport.Step
        var reason: String
    }

    var done: [PlanReport.Step]
    var failed: Failure?
    var left: [PlanReport.Step]
    var notes: [String]

    init(_ outcome: ApplyRun.Outcome, _ plan: Plan) {
        done = outcome.done.map(PlanReport.Step.init)
        failed = outcome.failure.map { Failure(step: PlanReport.Step($0.step), reason: $0.reason) }
        left = outcome.left.map(PlanReport.Step.init)
        notes = plan.notes
    }
}
