import Contracts
import Database
import HTTP
import JSON

/// Remembers for a day what was answered to the calls that had an `idempotency-key`.
struct IdempotencyBook: Sendable {
    /// What a key stands for when a call comes with it.
    enum Claim: Sendable {
        /// Nothing yet; it is the caller's now.
        case new
        case answered(HTTPResponse)
        case underWay
        /// It was under way when the gateway was killed.
        case lost
        /// Another call, with another body.
        case other
        /// As many keys as a person may have are in use.
        case full
    }

    static let keptSeconds: Int64 = 86_400
    /// Keys a person may have in use.
    static let maximumKeys = 10_000
    /// Nothing is under way for so long.
    private static let lostSeconds: Int64 = 120

    private let database: any Database

    init(_ database: any Database) {
        self.database = database
    }

    func claim(_ key: String, of person: PersonID, _ fingerprint: [UInt8], now: Timestamp) async throws -> Claim {
        do {
            return try await tryToClaim(key, of: person, fingerprint, now: now)
        } catch let error as DatabaseError where error.isOutcomeUnknown {
            // Nothing is carried out for a claim that nobody knows of.
            _ = try await database.write { connection in
                try connection.execute(
                    """
                    DELETE FROM idempotency_key WHERE person_id = \(person.rawValue) AND key = \(key)
                        AND created_at = \(now.microseconds) AND status IS NULL
                    """
                )
            }
            throw DatabaseError(.unavailable, error.message)
        }
    }

    private func tryToClaim(
        _ key: String,
        of person: PersonID,
        _ fingerprint: [UInt8],
        now: Timestamp
    ) async throws -> Claim {
        try await database.write { connection in
            let expired = now.microseconds - Self.keptSeconds * 1_000_000
            let lost = now.microseconds - Self.lostSeconds * 1_000_000
            try connection.execute("DELETE FROM idempotency_key WHERE created_at <= \(expired)")
            if let row = try Self.row(key, person, connection) {
                guard row.fingerprint == fingerprint else { return .other }
                return row.answer.map { .answered($0) } ?? (row.createdAt <= lost ? .lost : .underWay)
            }
            let count: Int? = try connection.value(
                "SELECT count(*) FROM idempotency_key WHERE person_id = \(person.rawValue)"
            )
            guard count ?? 0 < Self.maximumKeys else { return .full }
            let claimed = try connection.execute(
                """
                INSERT INTO idempotency_key (person_id, key, fingerprint, created_at)
                VALUES (\(person.rawValue), \(key), \(fingerprint), \(now.microseconds)) ON CONFLICT DO NOTHING
                """
            )
            // Another gateway may have been asked the same at the same time.
            return claimed == 1 ? .new : .underWay
        }
    }

    /// Keeps the answer; with `nil` the key is free again.
    func finish(_ key: String, of person: PersonID, _ answer: HTTPResponse?) async throws {
        _ = try await database.write { connection in
            guard let answer, case .bytes(let body) = answer.body else {
                try connection.execute(
                    "DELETE FROM idempotency_key WHERE person_id = \(person.rawValue) AND key = \(key)"
                )
                return
            }
            let fields = answer.fields.all.map { JSONValue.array([.string($0.name), .string($0.value)]) }
            let text = String(decoding: JSONValue.array(fields).json(), as: UTF8.self)
            try connection.execute(
                """
                UPDATE idempotency_key SET status = \(answer.status), fields = \(text), body = \(body)
                WHERE person_id = \(person.rawValue) AND key = \(key)
                """
            )
        }
    }

    private static func row(
        _ key: String,
        _ person: PersonID,
        _ connection: any DatabaseConnection
    ) throws -> (fingerprint: [UInt8], createdAt: Int64, answer: HTTPResponse?)? {
        try connection.first(
            """
            SELECT fingerprint, status, fields, body, created_at FROM idempotency_key
            WHERE person_id = \(person.rawValue) AND key = \(key)
            """
        ) { row in
            let (fingerprint, createdAt) = (try row.blob(0), try row.integer(4))
            guard !row.isNull(1) else { return (fingerprint, createdAt, nil) }
            let stored = try JSONValue(json: Array(try row.text(2).utf8))
            var fields = HTTPFields()
            if case .array(let pairs) = stored {
                for pair in pairs {
                    guard case .string(let name)? = pair[0], case .string(let value)? = pair[1] else { continue }
                    fields.append(name, value)
                }
            }
            let (status, body) = (Int(try row.integer(1)), try row.blob(3))
            return (fingerprint, createdAt, HTTPResponse(status: status, fields: fields, body: .bytes(body)))
        }
    }
}
