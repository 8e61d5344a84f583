import Contracts
import Database
import DatabaseCalls
import JSONRPC
import ServiceTesting
import Testing

@testable import GatewayService

@Suite("Tenants", .timeLimit(.minutes(2)))
struct TenantTests {
    @Test("are made, renamed, listed and taken away by whom they concern", arguments: DatabaseEngine.allCases)
    func life(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let operate = try await test.login().accessToken
            let made = try await test.call(.createTenant, TenantName(name: "Blue"), operate)
            #expect(made.invitation.invitation.role == .admin)
            let blue = try await test.call(
                .signUp,
                SignUp(email: "bo@example.org", password: AccountCase.password, invitation: made.invitation.token)
            )
            #expect(try await test.call(.getTenant, Empty(), blue.accessToken).name == "Blue")
            _ = try await test.call(.updateTenant, TenantName(name: "Green"), blue.accessToken)
            #expect(try await test.code(.updateTenant, TenantName(name: " "), blue.accessToken) == .invalidParams)
            #expect(try await test.code(.listTenants, TenantFilter(), blue.accessToken) == .permissionDenied)

            let page = try await test.call(.listTenants, TenantFilter(limit: 1), operate)
            let rest = try await test.call(.listTenants, TenantFilter(limit: 1, cursor: page.nextCursor), operate)
            #expect(Set((page.tenants + rest.tenants).map(\.name)) == ["Default", "Green"])
            #expect(rest.nextCursor == nil)

            let reference = TenantReference(id: made.tenant.id)
            let suspended = try await test.call(.suspendTenant, reference, operate)
            #expect(suspended.suspendedAt == test.time.now)
            #expect(try await !test.takes(blue.accessToken))
            await #expect(throws: RPCError.self) { try await test.refreshed(blue.refreshToken) }
            #expect(try await test.call(.resumeTenant, reference, operate).suspendedAt == nil)
            let back = try await test.refreshed(blue.refreshToken)
            #expect(try await test.takes(back.accessToken))

            _ = try await test.call(.deleteTenant, reference, operate)
            #expect(try await !test.takes(back.accessToken))
            #expect(await test.refusal("bo@example.org", AccountCase.password)?.code == .unauthenticated)
            #expect(try await test.call(.listTenants, TenantFilter(), operate).tenants.map(\.id) == [.first])
        }
    }

    @Test("that somebody stands on, and the first one, stay")
    func standing() async throws {
        try await withAccounts { test in
            let operate = try await test.login().accessToken
            let first = TenantReference(id: .first)
            #expect(try await test.code(.suspendTenant, first, operate) == .conflict)
            #expect(try await test.code(.deleteTenant, first, operate) == .conflict)
            let unknown = TenantReference(id: TenantID(rawValue: "0190163d-8694-739b-aea5-966c26f8ad91"))
            #expect(try await test.code(.suspendTenant, unknown, operate) == .notFound)
        }
    }

    @Test("are kept apart: nobody sees or changes members and invitations of another one")
    func apart() async throws {
        try await withAccounts(isSignUpOpen: true) { test in
            let first = try await test.login().accessToken
            let foreign = try await test.person(first).id
            let other = try await test.call(
                .signUp,
                SignUp(email: "bo@example.org", password: AccountCase.password, tenantName: "Other")
            ).accessToken
            let invitation = try await test.call(.createInvitation, InvitationRequest(role: .viewer), first)
            #expect(try await test.call(.listMembers, Empty(), other).members.map(\.email) == ["bo@example.org"])
            #expect(try await test.call(.listInvitations, Empty(), other).invitations.isEmpty)
            _ = try await test.call(.deleteInvitation, InvitationReference(id: invitation.invitation.id), other)
            #expect(try await test.call(.listInvitations, Empty(), first).invitations.count == 1)
            #expect(try await test.code(.updateMember, MemberChange(id: foreign, role: .viewer), other) == .notFound)
            #expect(try await test.code(.removeMember, MemberReference(id: foreign), other) == .notFound)
            #expect(try await test.code(.resetPassword, MemberReference(id: foreign), other) == .notFound)
        }
    }

    @Test("have rows that no transaction of another one sees or makes")
    func guarded() async throws {
        try await withAccounts(on: .postgres, isSignUpOpen: true) { test in
            let first = try await test.login().accessToken
            let other = try await test.call(
                .signUp,
                SignUp(email: "bo@example.org", password: AccountCase.password, tenantName: "Other")
            ).accessToken
            let otherTenant = try await test.person(other).tenant
            for token in [first, other] {
                _ = try await test.call(.createAPIToken, APITokenRequest(name: "x", role: .viewer), token)
                _ = try await test.call(.createInvitation, InvitationRequest(role: .viewer), token)
                let caller = try await test.person(token)
                try await test.database.write(as: caller.tenant) { connection in
                    _ = try connection.execute(
                        """
                        INSERT INTO audit (time, tenant, address, method, ids)
                        VALUES (0, \(caller.tenant.rawValue), '', '', '[]')
                        """
                    )
                }
            }
            let tables = ["membership", "invitation", "api_token", "audit"]
            for (tenant, count) in [(otherTenant.rawValue, 1), ("default", 1), ("nobody", 0), (nil, 0), ("*", 2)] {
                let expected = Dictionary(uniqueKeysWithValues: tables.map { ($0, count) })
                #expect(try await guardedRows(in: test.database, as: tenant) == expected, "\(tenant ?? "nil")")
            }
            let theft: SQL = "UPDATE invitation SET tenant = 'default'"
            await #expect(throws: DatabaseError.self) {
                try await test.database.write(as: otherTenant) { try $0.execute(theft) }
            }
        }
    }

    @Test("keep no invitation that is over", arguments: DatabaseEngine.allCases)
    func endedInvitations(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let operate = try await test.login().accessToken
            _ = try await test.call(.createTenant, TenantName(name: "Blue"), operate)
            _ = try await test.call(.createInvitation, InvitationRequest(role: .viewer), operate)
            func count() async throws -> Int? {
                try await test.database.read(as: .every) { try $0.value("SELECT count(*) FROM invitation") }
            }
            try await test.accounts.removeEndedInvitations()
            #expect(try await count() == 2)
            test.time.advance(by: .seconds(8 * 86_400))
            try await test.accounts.removeEndedInvitations()
            #expect(try await count() == 0)
        }
    }

    @Test("keep whom one of them removes, who is a member of another", arguments: DatabaseEngine.allCases)
    func removedFromOne(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine, isSignUpOpen: true) { test in
            let admin = try await test.login().accessToken
            let invitation = try await test.call(.createInvitation, InvitationRequest(role: .viewer), admin)
            let bo = try await test.call(
                .signUp,
                SignUp(email: "bo@example.org", password: AccountCase.password, tenantName: "Other")
            ).accessToken
            let other = try await test.person(bo).tenant
            _ = try await test.call(.acceptInvitation, InvitationToken(token: invitation.token), bo)
            let id = try await test.person(bo).id
            _ = try await test.call(.removeMember, MemberReference(id: id), admin)
            #expect(try await test.call(.listMembers, Empty(), admin).members.map(\.email) == [AccountCase.admin])
            let back = try await test.login("bo@example.org").accessToken
            #expect(try await test.person(back).tenant == other)
        }
    }
}

@Suite("Members", .timeLimit(.minutes(2)))
struct MemberTests {
    @Test("get another role at once, by the next token", arguments: DatabaseEngine.allCases)
    func role(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let admin = try await test.login().accessToken
            let editor = try await test.join("al@example.org", as: .editor, admin)
            let id = try await test.person(editor.accessToken).id
            let changed = try await test.call(.updateMember, MemberChange(id: id, role: .viewer), admin)
            #expect(changed.role == .viewer)
            #expect(try await !test.takes(editor.accessToken))
            let next = try await test.refreshed(editor.refreshToken)
            #expect(try await test.person(next.accessToken).role == .viewer)
            let roles = try await test.call(.listMembers, Empty(), admin).members
            #expect(roles.map(\.role) == [.admin, .viewer])
            #expect(roles.map(\.email) == [AccountCase.admin, "al@example.org"])
        }
    }

    @Test("who are removed can do nothing any more", arguments: DatabaseEngine.allCases)
    func removal(engine: DatabaseEngine) async throws {
        try await withAccounts(on: engine) { test in
            let admin = try await test.login().accessToken
            let member = try await test.join("al@example.org", as: .admin, admin)
            let program = try await test.call(
                .createAPIToken,
                APITokenRequest(name: "x", role: .viewer),
                member.accessToken
            )
            let short = try #require(try await test.exchange.accessToken(for: program.token))
            let id = try await test.person(member.accessToken).id
            _ = try await test.call(.removeMember, MemberReference(id: id), admin)
            #expect(try await !test.takes(member.accessToken))
            #expect(try await !test.takes(short))
            #expect(try await test.exchange.accessToken(for: program.token) == nil)
            await #expect(throws: RPCError.self) { try await test.refreshed(member.refreshToken) }
            #expect(await test.refusal("al@example.org", AccountCase.password)?.code == .unauthenticated)
            // The address is free again.
            _ = try await test.join("al@example.org", as: .viewer, admin, password: "another good password")
        }
    }

    @Test("that are the last administrator stay, and stay one")
    func lastAdmin() async throws {
        try await withAccounts { test in
            let admin = try await test.login().accessToken
            let id = try await test.person(admin).id
            #expect(try await test.code(.updateMember, MemberChange(id: id, role: .editor), admin) == .conflict)
            #expect(try await test.code(.removeMember, MemberReference(id: id), admin) == .conflict)
            _ = try await test.join("al@example.org", as: .admin, admin)
            #expect(try await test.code(.updateMember, MemberChange(id: id, role: .editor), admin) == nil)
        }
    }

    @Test("may each do what their role allows and no more, whatever is asked of the gateway")
    func matrix() async throws {
        try await withAccounts { test in
            let operate = try await test.login()
            var tokens: [(Role, String)] = []
            for role in Role.allCases {
                tokens.append(
                    (role, try await test.join("a-\(role)@example.org", as: role, operate.accessToken).accessToken)
                )
            }
            for method in publicMethods {
                let access = try #require(method.access)
                for (role, token) in tokens + [(.admin, operate.accessToken)] {
                    let isOperator = token == operate.accessToken
                    let isAllowed = access == .operator ? isOperator : role.allows(access)
                    let refusal = await test.refusal(of: method, token)
                    #expect(refusal == (isAllowed ? nil : .permissionDenied), "\(method.name) \(role)")
                }
            }
        }
    }
}
