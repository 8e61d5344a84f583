/// One statement and the values of its placeholders.
///
/// What is interpolated becomes a placeholder, never text, so a value cannot become part of the statement:
///
///     let target: SQL = "SELECT name FROM target WHERE id = \(id) AND enabled = \(true)"
///     let same = SQL("SELECT name FROM target WHERE id = ? AND enabled = ?", [.integer(id), 1])
public struct SQL: Sendable, Equatable {
    /// The statement, with a question mark for each value.
    public private(set) var text: String
    public private(set) var values: [SQLValue]

    public init(_ text: StaticString, _ values: [SQLValue] = []) {
        self.text = text.description
        self.values = values
    }

    /// A statement put together at run time; nothing in `text` may come from a user.
    public init(trusted text: String, _ values: [SQLValue] = []) {
        self.text = text
        self.values = values
    }
}

extension SQL: ExpressibleByStringInterpolation {
    public init(stringLiteral text: String) {
        self.init(trusted: text)
    }

    public init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    public struct StringInterpolation: StringInterpolationProtocol {
        var sql = SQL(trusted: "")

        public init(literalCapacity: Int, interpolationCount: Int) {
            sql.text.reserveCapacity(literalCapacity + interpolationCount)
            sql.values.reserveCapacity(interpolationCount)
        }

        public mutating func appendLiteral(_ literal: String) { sql.text += literal }

        public mutating func appendInterpolation(_ value: some SQLConvertible) {
            sql.text += "?"
            sql.values.append(value.sqlValue)
        }

        public mutating func appendInterpolation(_ value: (some SQLConvertible)?) {
            appendInterpolation(value.sqlValue)
        }

        /// As many placeholders as there are values, for `IN (…)`.
        public mutating func appendInterpolation(list values: some Sequence<some SQLConvertible>) {
            let values = values.map(\.sqlValue)
            sql.text += repeatElement("?", count: values.count).joined(separator: ", ")
            sql.values += values
        }

        /// Another piece of a statement with its values, as it is.
        public mutating func appendInterpolation(_ piece: SQL) {
            sql.text += piece.text
            sql.values += piece.values
        }
    }
}
