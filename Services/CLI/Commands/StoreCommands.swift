import Foundation

extension Command {
    static let storeCheck = Command(
        name: "store check",
        synopsis: "[--database PATH|URL | --data DIR]",
        summary: "look through everything that a store has written",
        details: """
            Reads alone, so a store may go on meanwhile. The database is a SQLite file, sqlite:PATH or postgres://…; by
            default the one that sonde up keeps below DIR (SONDE_DATA, or ./data). Ends with 1 when there are faults,
            and with 74 when the database cannot be read.
            """,
        options: ["database", "data"],
        run: { arguments in
            _ = try arguments.words()
            guard arguments["database"] == nil || arguments["data"] == nil else {
                throw CommandLineError(.usage, "--database and --data say the same; give one")
            }
            let database = arguments["database"] ?? storeFile(below: dataFolder(arguments))
            try runStore(["check"], arguments, on: database)
        }
    )

    static let storeBackup = Command(
        name: "store backup",
        synopsis: "[DIR|FILE] --to FILE",
        summary: "copy a store's SQLite database into a new file, while the store goes on",
        details: "DIR is the data of sonde up (SONDE_DATA, or ./data). What was written is checked.",
        options: ["to"],
        run: { arguments in
            guard let file = arguments["to"] else { throw CommandLineError(.usage, "--to is missing; try --help") }
            let source = arguments.words.isEmpty ? dataFolder(arguments) : try arguments.words("DIR")[0]
            var isFolder: ObjCBool = false
            guard unsafe FileManager.default.fileExists(atPath: source, isDirectory: &isFolder) else {
                throw CommandLineError(.usage, "\(source) is neither a folder nor a file")
            }
            let database = isFolder.boolValue ? storeFile(below: source) : source
            try runStore(["backup", file], arguments, on: database)
        }
    )

    static let storeRestore = Command(
        name: "store restore",
        synopsis: "FILE [--data DIR] [--force]",
        summary: "put a backup in the place of a store's SQLite database",
        details: "The store must not run. A database that is there already is replaced with --force alone.",
        options: ["data"],
        flags: ["force"],
        run: { arguments in
            let file = try arguments.words("FILE")[0]
            let words = ["restore", file] + (arguments.has("force") ? ["--force"] : [])
            try runStore(words, arguments, on: storeFile(below: dataFolder(arguments)))
        }
    )

    private static func dataFolder(_ arguments: Arguments) -> String {
        arguments["data"] ?? ProcessInfo.processInfo.environment["SONDE_DATA"] ?? "data"
    }

    private static func storeFile(below data: String) -> String {
        URL(filePath: data).standardizedFileURL.appending(path: "store/store.db").path()
    }

    /// Becomes the program `store`, which alone knows what it has written.
    ///
    /// The database goes through the environment: a URL may hold a password, and everybody sees command lines.
    private static func runStore(_ words: [String], _ arguments: Arguments, on database: String) throws -> Never {
        let folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let program = folder.appending(path: "store").path()
        unsafe setenv("STORE_DATABASE", database, 1)
        let all = [program] + words + (arguments.has("json") ? ["--json"] : [])
        var pointers = unsafe all.map { unsafe strdup($0) } + [nil]
        unsafe execv(program, &pointers)
        throw CommandLineError(.cannotCreate, "\(program) is missing; build all products first")
    }
}
