import Contracts
import Database
import JSON
import JSONRPC

extension Enrolment {
    static let columns: SQL = """
        id, name, labels, created_by, created_at, expires_at, used_at, certificate_ends_at
        """

    init(_ row: any DatabaseRow) throws {
        let (usedAt, end): (Int64?, Int64?) = (try row[6], try row[7])
        self.init(
            id: EnrolmentID(rawValue: try row.text(0)),
            name: try row.text(1),
            labels: try decodeJSON([String: String].self, from: try row.text(2).utf8),
            createdBy: try row.text(3),
            createdAt: Timestamp(microseconds: try row.integer(4)),
            expiresAt: Timestamp(microseconds: try row.integer(5)),
            usedAt: usedAt.map { Timestamp(microseconds: $0) },
            certificateEndsAt: end.map { Timestamp(microseconds: $0) }
        )
    }
}

extension DatabaseConnection {
    func enrolments() throws -> [Enrolment] {
        try rows("SELECT \(Enrolment.columns) FROM enrolment ORDER BY id DESC", Enrolment.init)
    }

    func enrolment(_ id: EnrolmentID) throws -> Enrolment? {
        try first("SELECT \(Enrolment.columns) FROM enrolment WHERE id = \(id.rawValue)", Enrolment.init)
    }

    func insert(_ enrolment: Enrolment, hash: [UInt8]) throws {
        try execute(
            """
            INSERT INTO enrolment (id, name, labels, hash, created_by, created_at, expires_at)
            VALUES (\(enrolment.id.rawValue), \(enrolment.name), \(try jsonText(enrolment.labels)), \(hash),
                \(enrolment.createdBy), \(enrolment.createdAt.microseconds), \(enrolment.expiresAt.microseconds))
            """
        )
    }

    /// Removes tokens that nobody used in time, and enrolments whose agent has let its last certificate end long ago.
    func removeEnrolments(expiredBy now: Timestamp, endedBy end: Timestamp) throws {
        try execute(
            """
            DELETE FROM enrolment WHERE used_at IS NULL AND expires_at <= \(now.microseconds)
                OR certificate_ends_at <= \(end.microseconds)
            """
        )
    }

    /// The enrolment whose token has this hash, when it is still good; used up by this, so of two who try one gets it.
    func useEnrolment(hash: [UInt8], now: Timestamp) throws -> Enrolment? {
        let used = try execute(
            """
            UPDATE enrolment SET used_at = \(now.microseconds)
            WHERE hash = \(hash) AND used_at IS NULL AND expires_at > \(now.microseconds)
            """
        )
        guard used == 1 else { return nil }
        return try first("SELECT \(Enrolment.columns) FROM enrolment WHERE hash = \(hash)", Enrolment.init)
    }

    func noteCertificate(of enrolment: EnrolmentID, until end: Timestamp) throws {
        try execute(
            """
            UPDATE enrolment SET certificate_ends_at = \(end.microseconds) WHERE id = \(enrolment.rawValue)
            """
        )
    }
}
