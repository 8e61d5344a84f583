import CPostgres

/// Where a PostgreSQL database is and how to get in: an address as libpq takes it, with its password kept to itself.
public struct PostgresURL: Sendable {
    /// `postgres://user:password@host:5432/name?sslmode=verify-full`; one address, or several with commas between.
    let text: String
    /// Whom and where, without the password.
    private let summary: String
    let hosts: Int
    let connectTimeout: Duration?

    /// Throws `.failed` with one line that says what is wrong, and nothing of the password.
    public init(_ text: String) throws(DatabaseError) {
        guard text.hasPrefix("postgres://") || text.hasPrefix("postgresql://"), !text.utf8.contains(0) else {
            throw DatabaseError(.failed, "the address of a PostgreSQL database begins with postgres://")
        }
        let options = try Self.options(of: text)
        let host = options["host"] ?? options["hostaddr"] ?? ""
        // What stands before the first @ is taken for the user, so here is the end of a password.
        guard !host.contains("@") else { throw Self.unreadable(": write @ in the password as %40") }
        for port in (options["port"] ?? "").split(separator: ",") where UInt16(port).map({ $0 > 0 }) != true {
            throw Self.unreadable(": a port is no number from 1 to 65535, or : in the password is not written as %3A")
        }
        if let timeout = options["connect_timeout"] {
            guard let seconds = Int(timeout) else { throw Self.unreadable(": connect_timeout is no number of seconds") }
            connectTimeout = seconds > 0 ? .seconds(seconds) : nil
        } else {
            connectTimeout = nil
        }
        self.text = text
        hosts = max(1, host.split(separator: ",").count)
        let port = options["port"].map { ":\($0)" } ?? ""
        summary = "postgres://\(options["user"].map { "\($0)@" } ?? "")\(host)\(port)/\(options["dbname"] ?? "")"
    }

    private static func options(of text: String) throws(DatabaseError) -> [String: String] {
        var message: UnsafeMutablePointer<CChar>?
        defer { unsafe PQfreemem(message) }
        guard let first = unsafe PQconninfoParse(text, &message) else {
            let reason = unsafe message.map { unsafe String(cString: $0) } ?? ""
            throw unreadable(harmless(reason, about: text) ? ": \(reason.firstLine)" : "")
        }
        defer { unsafe PQconninfoFree(first) }
        var options: [String: String] = [:]
        var option = unsafe first
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe options[String(cString: keyword)] = String(cString: value)
            }
            unsafe option += 1
        }
        return options
    }

    /// Whether libpq's words quote the name of a query's parameter, not a piece of the password.
    private static func harmless(_ reason: String, about text: String) -> Bool {
        let end = text.lastIndex(of: "@") ?? text.startIndex
        let query = text.firstIndex(of: "?") ?? text.endIndex
        return end < query && reason.hasPrefix("invalid URI query parameter")
    }

    private static func unreadable(_ reason: String) -> DatabaseError {
        DatabaseError(
            .failed,
            "the database's address is not like postgres://user:password@host:5432/name?sslmode=verify-full\(reason)"
        )
    }
}

extension PostgresURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { summary }
    public var debugDescription: String { summary }
    public var customMirror: Mirror { Mirror(reflecting: summary) }
}

extension String {
    /// The first line, without the blanks around it.
    var firstLine: String {
        let line = prefix { !$0.isNewline }
        let start = line.firstIndex { !$0.isWhitespace } ?? line.endIndex
        return String(line[start...].reversed().drop { $0.isWhitespace }.reversed())
    }
}
