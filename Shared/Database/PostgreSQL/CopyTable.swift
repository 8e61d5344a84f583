/// What the catalog says of a table that rows are copied into.
struct CopyTable {
    struct Column {
        let name: String
        /// `nil` for a type whose binary form is not known here.
        let type: PostgresType?
    }

    let name: String
    let columns: [Column]
    /// Row-level security watches what this role writes, and then `COPY` refuses to.
    let isSecured: Bool
    /// The columns by which rows are told apart: the key, when nothing else can refuse a row as a duplicate.
    let identity: [String]

    var columnList: String { columns.map(\.name.quotedName).joined(separator: ", ") }
}

extension PostgresConnection {
    /// Asked once a connection and table.
    func copyTable(_ target: InsertTarget) throws -> CopyTable {
        if let table = copyTables[target] { return table }
        var found: [String: (type: UInt32, isKey: Bool)] = [:]
        var (isSecured, uniqueIndexes) = (false, 0)
        try query(
            """
            SELECT a.attname, (CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END)::bigint,
                row_security_active(c.oid),
                EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)),
                (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid AND (i.indisunique OR i.indisexclusion))
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
            WHERE c.oid = \(target.table.quotedName)::regclass AND a.attnum > 0 AND NOT a.attisdropped
            """
        ) { row in
            found[try row[0]] = (UInt32(truncatingIfNeeded: try row[1] as Int64), try row[3])
            (isSecured, uniqueIndexes) = (try row[2], try row[4])
        }
        let columns = try target.columns.map { name throws(DatabaseError) in
            guard let column = found[name] else {
                throw DatabaseError(.failed, "table \"\(target.table)\" has no column \"\(name)\"")
            }
            return CopyTable.Column(name: name, type: PostgresType(rawValue: column.type))
        }
        let key = found.filter(\.value.isKey).keys.sorted()
        let isKeyAlone = uniqueIndexes == 1 && !key.isEmpty && Set(key).isSubset(of: target.columns)
        let table = CopyTable(
            name: target.table.quotedName,
            columns: columns,
            isSecured: isSecured,
            identity: (isKeyAlone ? key : target.columns).map(\.quotedName)
        )
        copyTables[target] = table
        return table
    }
}

extension String {
    /// As a name in a statement, whatever it holds.
    var quotedName: String { "\"" + replacing("\"", with: "\"\"") + "\"" }
}
