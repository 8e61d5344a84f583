/// One value of a row or of a statement's placeholder.
public enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
}

extension SQLValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    public init(nilLiteral: ()) { self = .null }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(floatLiteral value: Double) { self = .real(value) }
    public init(stringLiteral value: String) { self = .text(value) }
}

/// A type that is stored in one column.
public protocol SQLConvertible {
    var sqlValue: SQLValue { get }
    /// Reads a column; throws `.failed` when it holds something else.
    init(_ row: any DatabaseRow, column: Int) throws(DatabaseError)
}

extension SQLValue: SQLConvertible {
    public var sqlValue: SQLValue { self }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = row.value(column) }
}

extension Int: SQLConvertible {
    public var sqlValue: SQLValue { .integer(Int64(self)) }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = Int(try row.integer(column)) }
}

extension Int64: SQLConvertible {
    public var sqlValue: SQLValue { .integer(self) }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = try row.integer(column) }
}

extension Bool: SQLConvertible {
    /// Stored as 0 or 1.
    public var sqlValue: SQLValue { .integer(self ? 1 : 0) }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = try row.integer(column) != 0 }
}

extension Double: SQLConvertible {
    public var sqlValue: SQLValue { .real(self) }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = try row.real(column) }
}

extension String: SQLConvertible {
    public var sqlValue: SQLValue { .text(self) }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = try row.text(column) }
}

extension [UInt8]: SQLConvertible {
    public var sqlValue: SQLValue { .blob(self) }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) { self = try row.blob(column) }
}

extension Optional: SQLConvertible where Wrapped: SQLConvertible {
    public var sqlValue: SQLValue { self?.sqlValue ?? .null }
    public init(_ row: any DatabaseRow, column: Int) throws(DatabaseError) {
        self = row.isNull(column) ? nil : try Wrapped(row, column: column)
    }
}
