/// Why a command cannot be run; the whole message is one line, and the exit code says whose fault it is.
struct CommandLineError: Error, CustomStringConvertible {
    enum Code: CInt {
        /// The request was carried out and refused, or failed.
        case failed = 1
        /// Nothing is wrong, but there is something to do: what `sonde plan` ends with.
        case different = 2
        /// The command line or a setting is wrong (EX_USAGE).
        case usage = 64
        /// What was to be read is not as it must be (EX_DATAERR).
        case badData = 65
        /// A service cannot be reached (EX_UNAVAILABLE).
        case unavailable = 69
        /// Something cannot be made: a port is taken, a folder cannot be written (EX_CANTCREAT).
        case cannotCreate = 73
    }

    var code: Code
    var description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
