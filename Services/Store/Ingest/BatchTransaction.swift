import Contracts
import Database

/// Writes batches in one transaction; all of it happens on the database's thread.
struct BatchTransaction: Sendable {
    let batches: [IncomingBatch]
    /// Series that are not in the database yet.
    let unsaved: [SeriesRecord]
    /// The newest cursor before this transaction.
    let cursor: Int
    let now: Timestamp

    /// What was stored of one batch.
    struct Outcome: Sendable {
        var stored: Int
        var duplicates: Int
        /// Of each series with new rows, the newest of them.
        var newest: [(series: Int, row: MeasurementRow)]
        /// The new rows; `nil` when there are none.
        var event: StoredEvent?
    }

    private static let table = InsertTarget(
        "measurement",
        ["series", "timestamp", "id", "latency", "status", "reason", "metadata", "sent", "received"]
    )

    func run(on connection: any DatabaseConnection) throws -> [Outcome] {
        for record in unsaved { try connection.insert(record) }
        var cursor = cursor
        return try batches.map { incoming in
            let isNew = try insert(incoming, into: connection)
            let stored = isNew.count { $0 }
            if stored > 0 {
                cursor += 1
                try connection.execute(
                    """
                    INSERT INTO event (cursor, created_at, keys)
                    VALUES (\(cursor), \(now.microseconds), \(incoming.keys { isNew[$0] }))
                    """
                )
            }
            return Outcome(
                stored: stored,
                duplicates: isNew.count - stored,
                newest: incoming.newestRows { isNew[$0] },
                event: stored > 0 ? StoredEvent(cursor: cursor, batch: incoming.json { isNew[$0] }) : nil
            )
        }
    }

    /// Returns for each row whether it was new.
    private func insert(_ incoming: IncomingBatch, into connection: any DatabaseConnection) throws -> [Bool] {
        let columns = incoming.batch.columns
        let order = columns.orderBySeries(count: incoming.batch.series.count)
        let inserted = try connection.insert(into: Self.table, rows: order.count, skippingDuplicates: true) {
            writer,
            index in
            columns.write(order[index], series: incoming.seriesNumbers, to: writer)
        }
        var isNew = [Bool](repeating: true, count: order.count)
        guard inserted.count < order.count else { return isNew }
        for (position, row) in order.enumerated() { isNew[row] = inserted.contains(position) }
        return isNew
    }
}

extension IncomingBatch {
    fileprivate func keys(where isNew: (Int) -> Bool) -> [UInt8] {
        let columns = batch.columns
        var keys = EventKeys(capacity: columns.count)
        for row in 0..<columns.count where isNew(row) {
            keys.append(
                series: seriesNumbers[columns.series[row]],
                timestamp: columns.timestamp[row],
                id: columns.id[row]
            )
        }
        return keys.bytes
    }

    /// The new rows as JSON; as they came, when all are new.
    fileprivate func json(where isNew: (Int) -> Bool) -> ArraySlice<UInt8> {
        (0..<batch.count).allSatisfy(isNew) ? json : batch.filtered(isNew).json[...]
    }

    /// Of each series with rows that are new, the newest of them.
    fileprivate func newestRows(where isNew: (Int) -> Bool) -> [(series: Int, row: MeasurementRow)] {
        let columns = batch.columns
        var newest = [Int?](repeating: nil, count: batch.series.count)
        for row in 0..<columns.count where isNew(row) {
            let series = columns.series[row]
            guard let other = newest[series], columns.timestamp[other] >= columns.timestamp[row] else {
                newest[series] = row
                continue
            }
        }
        return newest.enumerated().compactMap { series, row in
            row.map { (seriesNumbers[series], columns[row: $0]) }
        }
    }
}

extension MeasurementColumns {
    /// The rows' indices, series by series, each in the order they have here: neighbours in the tree one after another.
    fileprivate func orderBySeries(count: Int) -> [Int] {
        var next = [Int](repeating: 0, count: count + 1)
        for index in series { next[index + 1] += 1 }
        for index in 1..<max(next.count, 1) { next[index] += next[index - 1] }
        var order = [Int](repeating: 0, count: series.count)
        for (row, index) in series.enumerated() {
            order[next[index]] = row
            next[index] += 1
        }
        return order
    }

    fileprivate func write(_ row: Int, series numbers: [Int], to writer: any RowWriter) {
        writer.integer(numbers[series[row]])
        writer.integer(timestamp[row])
        unsafe writer.blob(id[row].words.span.bytes)
        let latency = latency[row]
        if latency.isNaN { writer.null() } else { writer.real(latency) }
        writer.integer(Int64(status[row].rawValue))
        writer.integer(Int64(reason[row].rawValue))
        let start = row == 0 ? 0 : metadataEnd[row - 1]
        unsafe writer.text(utf8: metadataBytes.span.bytes.extracting(start..<metadataEnd[row]))
        writer.integer(sent[row])
        writer.integer(received[row])
    }
}
