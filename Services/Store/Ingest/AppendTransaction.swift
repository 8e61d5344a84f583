import Contracts
import Database
import JSONRPC

/// Writes batches into the log in one transaction; all of it happens on the database's thread.
struct AppendTransaction {
    /// What was stored of one batch.
    struct Outcome: Sendable {
        var stored = 0
        var duplicates = 0
        /// Rows that no tenant has asked their agent for.
        var refused = 0
        /// Why nothing was.
        var failure: RPCError?
        /// The new rows; `nil` when there are none.
        var commit: (commit: CommittedRows, event: StoredEvent)?
    }

    struct Result: Sendable {
        var outcomes: [Outcome] = []
        var newSeries: [SeriesRecord] = []
    }

    private let connection: any DatabaseConnection
    private let series: SeriesTable
    private let packer: RowPacker
    private let now: Timestamp
    private var known: KnownRows
    private var cursor: Int
    /// The last number of each tenant that this transaction adds to.
    private var tenants: [TenantID: Int] = [:]
    private let events: EventLog
    private var numbers: [SeriesKey: Int] = [:]
    private var result = Result()

    static func run(
        _ batches: [IncomingBatch],
        on connection: any DatabaseConnection,
        _ replica: Replica,
        now: Timestamp
    ) throws -> Result {
        try connection.take(.log)
        // With SQLite nobody else commits, and this is what was just published.
        try replica.catchUp(on: connection)
        var transaction = try Self(connection, replica, now)
        for batch in batches { transaction.result.outcomes.append(try transaction.append(batch)) }
        return transaction.result
    }

    private init(_ connection: any DatabaseConnection, _ replica: Replica, _ now: Timestamp) throws {
        self.connection = connection
        self.now = now
        series = replica.series
        events = replica.events
        cursor = events.newest
        packer = RowPacker(level: 1)
        known = KnownRows(connection, series, replica.head, packer)
    }

    private mutating func append(_ incoming: IncomingBatch) throws -> Outcome {
        let incoming = incoming.without(series.isForgotten)
        var rows = incoming.batch.columns
        do {
            let numbers = try seriesNumbers(of: incoming, from: rows.timestamp.min() ?? 0)
            for row in 0..<rows.count { rows.series[row] = numbers[rows.series[row]] }
        } catch let error as RPCError {
            return Outcome(failure: error)
        }
        let isNew = try known.areNew(rows)
        var outcome = Outcome(stored: isNew.count { $0 })
        outcome.duplicates = rows.count - outcome.stored
        guard outcome.stored > 0 else { return outcome }
        var json = incoming.json
        if outcome.duplicates > 0 {
            json = incoming.batch.filtered { isNew[$0] }.json[...]
            rows = rows.picked(isNew.indices.filter { isNew[$0] })
        }
        cursor += 1
        let number = (tenants[incoming.tenant] ?? events.newest(of: incoming.tenant)) + 1
        tenants[incoming.tenant] = number
        let packed = try packer.pack(rows)
        try connection.execute(
            """
            INSERT INTO event (tenant, cursor, number, created_at, rows, numbers, metadata)
            VALUES (\(incoming.tenant.rawValue), \(cursor), \(number), \(now.microseconds), \(rows.count),
                \(packed.numbers), \(packed.metadata))
            """
        )
        try addRoutes(rows, incoming)
        known.add(rows)
        outcome.commit = (
            CommittedRows(cursor: cursor, tenant: incoming.tenant, number: number, rows: rows),
            StoredEvent(cursor: cursor, tenant: incoming.tenant, number: number, batch: json)
        )
        return outcome
    }

    /// Writes down which traces saw another way.
    private func addRoutes(_ rows: MeasurementColumns, _ incoming: IncomingBatch) throws {
        guard incoming.batch.series.contains(where: { $0.type == .trace }) else { return }
        for row in 0..<rows.count {
            guard let sighting = RouteSighting(metadata: rows.metadata(row)) else { continue }
            let (series, time, id) = (rows.series[row], rows.timestamp[row], rows.id[row])
            try connection.execute(.insert(sighting, tenant: incoming.tenant, series: series, at: time, id: id))
        }
    }

    /// The numbers of series, known or new; 0 where there is no key.
    private mutating func seriesNumbers(of incoming: IncomingBatch, from time: Int64) throws -> [Int] {
        var added: [SeriesRecord] = []
        var found: [Int] = []
        for key in incoming.keys {
            guard let key else {
                found.append(0)
                continue
            }
            if let number = numbers[key] ?? series.number(of: key) {
                numbers[key] = number
                found.append(number)
                continue
            }
            let number = series.count + result.newSeries.count + added.count + 1
            guard number <= series.limit else {
                for record in added { numbers[record.key] = nil }
                throw RPCError(.conflict, "there are as many series as there may be, which is \(series.limit)")
            }
            numbers[key] = number
            added.append(SeriesRecord(id: number, key: key, firstAt: time, isVerified: incoming.isVerified))
            found.append(number)
        }
        for record in added { try connection.execute(.insert(record)) }
        result.newSeries += added
        return found
    }
}
