/// Why a statement, a transaction or a connection failed.
public struct DatabaseError: Error, Sendable {
    public enum Code: Sendable {
        /// A unique, foreign key, check or not-null constraint refused the change.
        case constraint
        /// Another writer holds the database; trying again may succeed.
        case busy
        /// The disk is full, or refused to write.
        case disk
        /// The file is not a database or is damaged.
        case corrupt
        /// The database was written by a newer version of this program.
        case newerSchema
        /// Anything else: a wrong statement, a lost connection.
        case failed
    }

    public var code: Code
    public var message: String
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
