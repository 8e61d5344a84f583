import CPostgres

/// The five characters by which the server tells errors apart: PostgreSQL's manual, appendix A.
struct SQLState: Error, Hashable, ExpressibleByStringLiteral {
    let code: String
    /// The connection's statements and what it knows of tables were made for a schema that has changed.
    let isStalePlan: Bool

    init(_ code: String, function: String = "") {
        self.code = code
        isStalePlan =
            switch code {
            // The second has found row-level security where there was none.
            case "0A000": function == "RevalidateCachedQuery" || function == "DoCopy"
            // A statement that is gone, and rows whose columns have other types now.
            case "26000", "22P03", "08P01": true
            default: false
            }
    }

    static func == (left: Self, right: Self) -> Bool { left.code == right.code }
    func hash(into hasher: inout Hasher) { hasher.combine(code) }
    init(stringLiteral code: String) { self.init(code) }

    static let uniqueViolation: SQLState = "23505"
    static let exclusionViolation: SQLState = "23P01"
    static let readOnly: SQLState = "25006"

    var kind: Substring { code.prefix(2) }

    /// Running the whole transaction again may succeed at once.
    var isSerialization: Bool { code == "40001" || code == "40P01" }

    /// The server has ended the session, or is about to.
    var endsSession: Bool { ["57P01", "57P02", "57P03", "57P05", "25P03"].contains(code) }

    /// The server is there and says no for good: a wrong password, no such database.
    var refusesLogin: Bool { kind == "28" || code == "3D000" }
}

extension DatabaseError {
    /// What went wrong at the server, in its words unless these hold a value.
    init(_ state: SQLState, _ words: String) {
        // A value that cannot be read is quoted by the error that says so.
        let text = state.kind == "22" ? "the database refused a value" : words.firstLine
        self.init(
            Code(state),
            "\(text) (SQLSTATE \(state.code))",
            constraint: Constraint(state),
            cause: state
        )
    }

    @safe init(_ result: OpaquePointer) {
        let code = unsafe CPostgres_sqlstate(result).map { unsafe String(cString: $0) }
        let words = unsafe CPostgres_message(result).map { unsafe String(cString: $0) }
        if let code {
            let function = unsafe CPostgres_function(result).map { unsafe String(cString: $0) } ?? ""
            self.init(SQLState(code, function: function), words ?? "an error without words")
        } else {
            // libpq's own, such as a connection that was lost.
            let words = unsafe String(cString: PQresultErrorMessage(result))
            self.init(.failed, words.firstLine)
        }
    }

    var sqlState: SQLState? { cause as? SQLState }
}

extension DatabaseError.Code {
    init(_ state: SQLState) {
        self =
            switch state.code {
            case "40001", "40P01", "55P03", "57P03": .busy
            case "57014": .deadlineExceeded
            case "53100", "58030": .disk
            case "08P01": .failed
            case "25006", "57P01", "57P02": .unavailable
            case "XX001", "XX002": .corrupt
            default: Self(kind: state.kind)
            }
    }

    private init(kind: Substring) {
        self =
            switch kind {
            case "23": .constraint
            case "53": .busy
            case "08": .unavailable
            default: .failed
            }
    }
}

extension DatabaseError.Constraint {
    fileprivate init?(_ state: SQLState) {
        switch state.code {
        case "23505": self = .unique
        case "23503": self = .foreignKey
        case "23502": self = .notNull
        case "23514": self = .check
        default: return nil
        }
    }
}
