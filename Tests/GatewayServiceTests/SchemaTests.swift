import Contracts
import Database
import JSONRPC
import Observability
import ServiceTesting
import Testing
import Tokens

@testable import GatewayService

@Suite("Gateway schema", .timeLimit(.minutes(5)))
struct GatewaySchemaTests {
    @Test("makes whoever was there a member of the first tenant, with the sign-ins they had")
    func people() async throws {
        let directory = try TemporaryDirectory()
        let database = try await SQLiteDatabase.open(directory.path + "/gateway.db")
        try await database.migrate(Array(schema.prefix(1)))
        let (one, two, family) = (PersonID.make(), PersonID.make(), LoginID.make())
        _ = try await database.write { connection in
            for (id, email, role, time) in [(two, "b@x.org", "admin", 20), (one, "a@x.org", "admin", 10)] {
                try connection.execute(
                    """
                    INSERT INTO person (id, tenant, email, password_hash, role, created_at)
                    VALUES (\(id.rawValue), 'default', \(email), 'x', \(role), \(time))
                    """
                )
            }
            try connection.execute(
                """
                INSERT INTO refresh_token (hash, family, person_id, expires_at, used_at)
                VALUES (\([1, 2] as [UInt8]), \(family.rawValue), \(two.rawValue), 2000000000, NULL)
                """
            )
        }
        try await database.migrate(schema)
        try await database.read { connection in
            let first = try connection.member(one, of: .first)
            #expect(first.isOperator)
            #expect(first.role == .admin)
            #expect(try connection.member(two, of: .first).isOperator == false)
            let login = try connection.first("SELECT id, person_id, created_at, expires_at FROM login") { row in
                (try row.text(0), try row.text(1), try row.integer(2), try row.integer(3))
            }
            #expect(login?.0 == family.rawValue)
            #expect(login?.1 == two.rawValue)
            #expect(login?.2 == 1_997_408_000_000_000)
            #expect(login?.3 == 2_000_000_000_000_000)
            #expect(try connection.value("SELECT login_id FROM refresh_token") == family.rawValue)
        }
        await database.close()
    }
}
