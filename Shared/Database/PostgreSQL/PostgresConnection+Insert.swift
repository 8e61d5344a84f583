extension PostgresConnection {
    private static let savepoint = "sonde_copy"

    func insert(
        into target: InsertTarget,
        rows: Int,
        skippingDuplicates: Bool,
        _ bind: (any RowWriter, _ index: Int) throws -> Void
    ) throws -> InsertedRows {
        guard rows > 0 else { return InsertedRows(capacity: 0) }
        let table = try copyTable(target)
        let inserted =
            if table.isSecured {
                try copyStaged(into: table, rows, skippingDuplicates, bind)
            } else if skippingDuplicates {
                try copyOrSkip(into: table, rows, bind)
            } else {
                try copy(Self.statement(table), into: table, rows, bind)
            }
        countChanges(inserted.count)
        return inserted
    }

    private static func statement(_ table: CopyTable) -> [String] {
        ["COPY \(table.name) (\(table.columnList)) FROM STDIN (FORMAT binary)"]
    }

    /// Copies as if there were no duplicates, and goes back to look for them when there are.
    private func copyOrSkip(
        into table: CopyTable,
        _ rows: Int,
        _ bind: (any RowWriter, Int) throws -> Void
    ) throws -> InsertedRows {
        do {
            let inserted = try copy(["SAVEPOINT \(Self.savepoint)"] + Self.statement(table), into: table, rows, bind)
            sendLater(.run("RELEASE SAVEPOINT \(Self.savepoint)"))
            return inserted
        } catch {
            guard !link.isBroken, link.stopReason == nil else { throw error }
            let state = (error as? DatabaseError)?.sqlState
            let isDuplicate = state == .uniqueViolation || state == .exclusionViolation
            // What the caller's closure throws is no reason to give up the transaction.
            if isDuplicate || state == nil { returnTo(Self.savepoint) }
            guard isDuplicate else { throw error }
        }
        return try copyStaged(into: table, rows, true, bind)
    }

    /// Copies into a temporary table, and inserts from there.
    private func copyStaged(
        into table: CopyTable,
        _ rows: Int,
        _ skippingDuplicates: Bool,
        _ bind: (any RowWriter, Int) throws -> Void
    ) throws -> InsertedRows {
        copies += 1
        let stage = StagedCopy(number: copies, table: table)
        _ = try copy([stage.create, stage.copy], into: table, rows, isNumbered: true, bind)
        guard skippingDuplicates else {
            _ = try send([.run(stage.insert)])
            return InsertedRows(allOf: rows)
        }
        guard let result = try send([.run(stage.insertNew)]).last else { return InsertedRows(capacity: 0) }
        let row = PostgresRow(result)
        let new = try (0..<result.rows).map { index in
            row.index = index
            return Int(try row.integer(0))
        }
        return InsertedRows(rows: rows, new: new)
    }

    private func copy(
        _ statements: [String],
        into table: CopyTable,
        _ rows: Int,
        isNumbered: Bool = false,
        _ bind: (any RowWriter, Int) throws -> Void
    ) throws -> InsertedRows {
        let encoder = CopyEncoder(table.columns, isNumbered: isNumbered, capacity: PostgresLink.copyChunk * 2)
        let waiting = try takeWaitingText()
        do {
            _ = try link.copy(waiting + statements, encoder, rows: rows) { row in
                encoder.startRow(row)
                try bind(encoder, row)
                try encoder.endRow()
            }
        } catch {
            fail(error as? DatabaseError ?? DatabaseError(.failed, "an insertion was given up", cause: error))
            throw error
        }
        return InsertedRows(allOf: rows)
    }
}

/// The statements that tell new rows from duplicates: rows are numbered, and inserted in that order.
private struct StagedCopy {
    let number: Int
    let table: CopyTable

    private var name: String { "sonde_copy_\(number)" }

    var create: String {
        """
        CREATE TEMPORARY TABLE \(name) ON COMMIT DROP AS
        SELECT 0::bigint AS sonde_row, \(table.columnList) FROM \(table.name) WITH NO DATA
        """
    }

    var copy: String { "COPY \(name) (sonde_row, \(table.columnList)) FROM STDIN (FORMAT binary)" }

    var insert: String {
        """
        INSERT INTO \(table.name) (\(table.columnList))
        SELECT \(table.columnList) FROM \(name) ORDER BY sonde_row
        """
    }

    /// Inserts, and gives the numbers of the rows that were new.
    ///
    /// What is inserted can only be named by its values. Of rows that are the same by these, as many as were inserted
    /// were the first.
    var insertNew: String {
        let identity = "(ROW(\(table.identity.joined(separator: ", ")))::text) COLLATE \"C\" AS identity"
        return """
            WITH added AS (\(insert) ON CONFLICT DO NOTHING RETURNING \(identity)),
            counted AS (SELECT identity, count(*) AS rows FROM added GROUP BY identity),
            numbered AS (
                SELECT sonde_row, identity, row_number() OVER (PARTITION BY identity ORDER BY sonde_row) AS place
                FROM (SELECT sonde_row, \(identity) FROM \(name)) AS staged)
            SELECT sonde_row FROM numbered JOIN counted USING (identity) WHERE place <= rows
            """
    }
}
