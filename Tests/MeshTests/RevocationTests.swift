import Contracts
import JSONRPC
import Testing

@testable import CLIService

@Suite("Tokens in the mesh", .serialized)
struct RevocationTests {
    /// What one method of each service answers with: `nil` when it is not refused.
    private static func refusals(_ client: APIClient) async throws -> [RPCError.Code?] {
        [
            try await refusal { _ = try await client.call(.listTargets, TargetFilter()) },
            try await refusal { _ = try await client.call(.listSessions, SessionFilter()) },
            try await refusal { _ = try await client.call(.listRules, Empty()) },
            try await refusal { _ = try await client.call(.currentPerson, Empty()) },
        ]
    }

    private static func refusal(_ body: () async throws -> Void) async throws -> RPCError.Code? {
        do {
            try await body()
            return nil
        } catch let error as RPCError {
            return error.code
        }
    }

    @Test("are taken by every service, and refused by all of them when they have ended")
    func everywhere() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let url = "http://127.0.0.1:\(installation.port)"
        let admin = try await installation.signIn()
        let made = try await admin.call(.createAPIToken, APITokenRequest(name: "x", role: .viewer))
        let program = try APIClient(
            SessionFile(url: url, refreshToken: ""),
            isSaved: false,
            apiToken: made.token
        )
        #expect(try await Self.refusals(program) == [nil, nil, nil, nil])
        let id = try await program.call(.currentPerson, Empty()).login
        #expect(id == made.details.id)
        let invitation = try await admin.call(.createInvitation, InvitationRequest(role: .viewer)).token
        let new = SignUp(email: "ann@example.org", password: "a good long password", invitation: invitation)
        let tokens = try await admin.call(.signUp, new)
        let short = try APIClient(
            SessionFile(url: url, refreshToken: ""),
            isSaved: false,
            apiToken: tokens.accessToken
        )
        #expect(try await Self.refusals(short) == [nil, nil, nil, nil])

        _ = try await admin.call(.deleteAPIToken, LoginReference(id: made.details.id))
        let ann = try #require(try await admin.call(.listMembers, Empty()).members.first { $0.role == .viewer })
        _ = try await admin.call(.removeMember, MemberReference(id: ann.id))
        for client in [program, short] {
            try await eventually("every service refuses") {
                try await Self.refusals(client).allSatisfy { $0 == .unauthenticated }
            }
        }
        #expect(try await Self.refusals(admin) == [nil, nil, nil, nil])
        #expect(try await installation.stop() == 0)
    }
}
