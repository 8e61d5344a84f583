import Contracts
import Database
import Synchronization
import TLS
import Tokens

/// The keys that sign access tokens: made in time, published before they sign, and removed after their last token.
///
/// They lie in the database, so that all gateways of an installation have the same.
final class SigningKeys: Sendable {
    private struct Key {
        var id: Int
        var signer: TokenSigner
        var madeAt: Timestamp
    }

    private let database: any Database
    private let schedule: KeySchedule
    private let keys = Mutex<[Key]>([])

    private init(_ database: any Database, _ schedule: KeySchedule) {
        self.database = database
        self.schedule = schedule
    }

    static func open(_ database: any Database, interval: Duration, now: Timestamp) async throws -> SigningKeys {
        let keys = SigningKeys(database, KeySchedule(interval: interval))
        try await keys.refresh(now: now)
        return keys
    }

    /// Reads what is there, makes the next key when it is due, and removes those that are over.
    func refresh(now: Timestamp) async throws {
        var rows = try await database.read { try Self.rows($0) }
        let times = rows.map(\.madeAt)
        if schedule.isDue(times, now: now) || schedule.expired(times, now: now) > 0 {
            rows = try await database.write { [schedule] in try Self.change($0, schedule, now: now) }
        }
        let known = keys.withLock { Dictionary(uniqueKeysWithValues: $0.map { ($0.id, $0) }) }
        let fresh = try rows.map { row in
            try known[row.id]
                ?? Key(id: row.id, signer: TokenSigner(PrivateKey(pem: Array(row.pem.utf8))), madeAt: row.madeAt)
        }
        keys.withLock { $0 = fresh }
    }

    /// Signs with the key whose turn it is.
    func token(for grant: AccessGrant, now: Timestamp) throws -> String {
        let signer = keys.withLock { keys in schedule.signing(keys.map(\.madeAt), now: now).map { keys[$0].signer } }
        guard let signer else { preconditionFailure("there is a key since it was opened") }
        return try signer.token(for: grant, now: now.seconds)
    }

    /// All that may verify something, and those that will.
    func published() throws -> KeySet {
        KeySet(keys: try keys.withLock { try $0.map { try $0.signer.publicKey() } })
    }

    private struct Row {
        var id: Int
        var pem: String
        var madeAt: Timestamp
    }

    private static func rows(_ connection: any DatabaseConnection) throws -> [Row] {
        try connection.rows("SELECT id, pem, created_at FROM signing_key ORDER BY created_at, id") { row in
            Row(id: try row[0], pem: try row[1], madeAt: Timestamp(microseconds: try row[2]))
        }
    }

    private static func change(
        _ connection: any DatabaseConnection,
        _ schedule: KeySchedule,
        now: Timestamp
    ) throws -> [Row] {
        // Another gateway may have done it meanwhile.
        if connection.engine == .postgres { try connection.execute("LOCK TABLE signing_key IN EXCLUSIVE MODE") }
        let rows = try rows(connection)
        let times = rows.map(\.madeAt)
        for row in rows.prefix(schedule.expired(times, now: now)) {
            try connection.execute("DELETE FROM signing_key WHERE id = \(row.id)")
        }
        if schedule.isDue(times, now: now) {
            let pem = String(decoding: try PrivateKey.ed25519().pem(), as: UTF8.self)
            try connection.execute("INSERT INTO signing_key (pem, created_at) VALUES (\(pem), \(now.microseconds))")
        }
        return try Self.rows(connection)
    }
}

extension Timestamp {
    /// Whole seconds since 1970.
    var seconds: Int { Int(microseconds / 1_000_000) }
}
