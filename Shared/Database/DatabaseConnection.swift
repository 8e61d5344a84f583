/// What a job does with the database: valid while the job runs, on its thread.
///
/// After a statement that failed a job can only give up: PostgreSQL does nothing more in its transaction.
public protocol DatabaseConnection: AnyObject {
    var engine: DatabaseEngine { get }

    /// Runs a statement and returns the number of rows it inserted, updated or deleted.
    @discardableResult
    func execute(_ sql: SQL) throws(DatabaseError) -> Int

    /// Runs statements one after another and returns each one's number of rows; one round trip to a server.
    @discardableResult
    func executeAll(_ statements: [SQL]) throws(DatabaseError) -> [Int]

    /// Says for whom this transaction works from here on; the name is not empty.
    ///
    /// PostgreSQL's row-level security shows and takes rows of this tenant alone, and none when no tenant was entered;
    /// SQLite has nothing like it, so statements name the tenant all the same.
    func enter(tenant: String) throws(DatabaseError)

    /// Runs a query and hands each row to `body`, which must be done with it when it returns.
    func query(_ sql: SQL, _ body: (any DatabaseRow) throws -> Void) throws

    /// Runs queries one after another and hands each row to `body`, with the query's index; one round trip to a server,
    /// which holds all results meanwhile.
    func queryAll(_ queries: [SQL], _ body: (_ query: Int, any DatabaseRow) throws -> Void) throws

    /// Inserts many rows by the engine's fastest way; `bind` fills in the row of the given index.
    ///
    /// With `skippingDuplicates` a row whose key exists already is left out, and of equal keys the first is taken; any
    /// other refused row fails the insertion. `bind` may be asked for a row twice.
    func insert(
        into table: InsertTarget,
        rows: Int,
        skippingDuplicates: Bool,
        _ bind: (any RowWriter, _ index: Int) throws -> Void
    ) throws -> InsertedRows
}

extension DatabaseConnection {
    /// The rows of a query, each made into a value.
    public func rows<T>(_ sql: SQL, _ body: (any DatabaseRow) throws -> T) throws -> [T] {
        var rows: [T] = []
        try query(sql) { rows.append(try body($0)) }
        return rows
    }

    /// The first row of a query made into a value; `nil` when there is none.
    public func first<T>(_ sql: SQL, _ body: (any DatabaseRow) throws -> T) throws -> T? {
        var first: T?
        try query(sql) { if first == nil { first = try body($0) } }
        return first
    }

    /// The first column of a query's first row.
    public func value<T: SQLConvertible>(_ sql: SQL, as type: T.Type = T.self) throws -> T? {
        try first(sql) { row in try row[0] }
    }
}

/// A row of a query's result; columns count from zero.
///
/// The accessors throw `.failed` when the column holds another type.
public protocol DatabaseRow: AnyObject {
    func isNull(_ column: Int) -> Bool
    func value(_ column: Int) -> SQLValue
    func integer(_ column: Int) throws(DatabaseError) -> Int64
    /// A real number, or an integer as one.
    func real(_ column: Int) throws(DatabaseError) -> Double
    func text(_ column: Int) throws(DatabaseError) -> String
    func blob(_ column: Int) throws(DatabaseError) -> [UInt8]
    /// The bytes of a text or a blob without a copy; none when the column is null.
    func withBytes<T>(_ column: Int, _ body: (RawSpan) throws -> T) rethrows -> T
}

extension DatabaseRow {
    public subscript<T: SQLConvertible>(column: Int) -> T {
        get throws(DatabaseError) { try T(self, column: column) }
    }
}
