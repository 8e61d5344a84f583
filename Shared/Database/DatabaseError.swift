/// Why a statement, a transaction or a connection failed.
public struct DatabaseError: Error, Sendable, CustomStringConvertible {
    public enum Code: Sendable, Equatable {
        /// A unique, foreign key, check or not-null constraint refused the change.
        case constraint
        /// Another writer holds the database, or too many jobs wait for it; trying again may succeed.
        case busy
        /// The work was not done by its deadline, and had no effect.
        case deadlineExceeded
        /// The server cannot be reached, went away, or takes no changes now; trying again later may succeed.
        case unavailable
        /// Another process has taken over from this one, whose changes are refused.
        case superseded
        /// The disk is full, or refused to read or write.
        case disk
        /// The file is not a database or is damaged.
        case corrupt
        /// The database was written by a newer version of this program.
        case newerSchema
        /// Anything else: a wrong statement, a value of another type, a database that was closed.
        case failed
    }

    /// Which kind of constraint refused the change.
    public enum Constraint: Sendable {
        case unique, foreignKey, notNull, check
    }

    public var code: Code
    public var message: String
    /// Set with `.constraint`, unless the kind is unknown.
    public var constraint: Constraint?
    public var cause: (any Error)?
    /// Whether the change may have been made nevertheless: the connection was lost while it was committed.
    public var isOutcomeUnknown = false

    public init(_ code: Code, _ message: String, constraint: Constraint? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.constraint = constraint
        self.cause = cause
    }

    public var description: String { message }
}
