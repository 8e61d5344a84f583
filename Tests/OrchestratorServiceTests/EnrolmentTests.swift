import Contracts
import JSON
import JSONRPC
import ServiceTesting
import TLS
import Testing

@Suite("Enrolment", .everyEngine)
struct EnrolmentTests {
    let test: EnrolmentCase

    init() throws { test = try EnrolmentCase() }

    private static let refusal = RPCError(
        .invalidParams,
        "token is not known, was used, or is over",
        data: ["field": "token"]
    )

    @Test("gives a host a certificate for its enrolment, and what it needs to know")
    func certificate() async throws {
        try await test.run { [test] client in
            let request = EnrolmentRequest(name: "host7", labels: ["zone": "branch"])
            let made = try await client.call(.createEnrolment, request)
            #expect(made.enrolment.createdBy == Person.editor.email)
            #expect(made.enrolment.expiresAt == test.time.now.advanced(by: .seconds(86_400)))
            #expect(try await client.call(.listEnrolments, Empty()).enrolments == [made.enrolment])
            let (agent, key) = try await test.redeem(made.token, client)
            let certificate = try Certificate(pem: Array(agent.certificate.utf8))
            #expect(certificate.belongs(to: key))
            let id = try certificate.spiffeID()
            #expect(id.description == "spiffe://sonde/ns/enrolled-\(made.enrolment.id)/sa/probe-agent")
            let end = test.time.now.advanced(by: .seconds(7 * 86_400))
            #expect(certificate.notAfter == end.microseconds / 1_000_000)
            #expect(Array(agent.authorities.utf8) == (try test.services.certificate.pem()))
            #expect(agent.id == made.enrolment.id)
            #expect(agent.name == "host7")
            #expect(agent.trustDomain == "sonde")
            #expect(agent.orchestratorEndpoint == "sonde.example.org:8443")
            #expect(agent.storeEndpoint == "sonde.example.org:8444")
            let listed = try #require(try await client.call(.listEnrolments, Empty()).enrolments.first)
            #expect(listed.usedAt == test.time.now)
            #expect(listed.certificateEndsAt == end)
        }
    }

    @Test("takes a token once, and says the same of every other")
    func once() async throws {
        try await test.run { [test] client in
            let made = try await client.call(.createEnrolment, EnrolmentRequest(name: "a"))
            let late = try await client.call(.createEnrolment, EnrolmentRequest(name: "b", lifetimeSeconds: 3_600))
            let gone = try await client.call(.createEnrolment, EnrolmentRequest(name: "c"))
            _ = try await client.call(.deleteEnrolment, EnrolmentReference(id: gone.enrolment.id))
            _ = try await test.redeem(made.token, client)
            test.time.advance(by: .seconds(3_600))
            let unknown = "enrol_" + String(repeating: "A", count: 43)
            let bare = String(made.token.dropFirst("enrol_".count))
            for token in [made.token, late.token, gone.token, unknown, bare, "", "enrol_", "\u{0}", made.token + "A"] {
                #expect(try await failure { try await test.redeem(token, client) } == Self.refusal)
            }
        }
    }

    @Test("gives one certificate when many use a token at once")
    func race() async throws {
        try await test.run { [test] client in
            let token = try await client.call(.createEnrolment, EnrolmentRequest(name: "a")).token
            let errors = try await withThrowingTaskGroup(of: RPCError?.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        do {
                            _ = try await test.redeem(token, client)
                            return nil
                        } catch let error as RPCError {
                            return error
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(errors.count { $0 == nil } == 1)
            #expect(errors.count { $0 == Self.refusal } == 15)
        }
    }

    @Test("does not use a token up for what is no request")
    func noRequest() async throws {
        try await test.run { [test] client in
            let token = try await client.call(.createEnrolment, EnrolmentRequest(name: "a")).token
            for request in ["", "hello", String(repeating: "x", count: 100_000)] {
                let error = try await failure {
                    try await client.call(
                        .redeemEnrolment,
                        EnrolmentRedemption(token: token, certificateRequest: request)
                    )
                }
                #expect(error.data == ["field": "certificate_request"])
            }
            _ = try await test.redeem(token, client)
        }
    }

    @Test("is said not to be there without its authority, and then uses no token up")
    func withoutAuthority() async throws {
        try await test.run(["ORCHESTRATOR_ENROLMENT_DIR": ""]) { [test] client in
            for error in [
                try await failure { try await client.call(.createEnrolment, EnrolmentRequest(name: "a")) },
                try await failure { try await test.redeem("x", client) },
            ] {
                #expect(error.code == .unavailable)
                #expect(error.message.contains("ORCHESTRATOR_ENROLMENT_DIR"))
            }
        }
        try await test.run { [test] client in
            let token = try await client.call(.createEnrolment, EnrolmentRequest(name: "a")).token
            try test.write([], "agents.key")
            #expect(try await failure { try await test.redeem(token, client) }.code == .unavailable)
            let (agents, key) = try CertificateAuthority.make("Sonde agents", trustDomain: "sonde")
            try test.write(agents.certificate.pem(), "agents.crt")
            #expect(try await failure { try await test.redeem(token, client) }.code == .unavailable)
            try test.write(key.pem(), "agents.key")
            _ = try await test.redeem(token, client)
        }
    }

    @Test("takes names, labels and spans within bounds, and so many")
    func bounds() async throws {
        try await test.run(["ORCHESTRATOR_MAX_AGENTS": "2"]) { [test] client in
            for (request, field) in [
                (EnrolmentRequest(name: ""), "name"), (EnrolmentRequest(name: "a\nb"), "name"),
                (EnrolmentRequest(name: String(repeating: "a", count: 201)), "name"),
                (EnrolmentRequest(name: "a", labels: ["a b": "c"]), "labels"),
                (EnrolmentRequest(name: "a", lifetimeSeconds: 3_599), "lifetime_s"),
                (EnrolmentRequest(name: "a", lifetimeSeconds: 604_801), "lifetime_s"),
            ] {
                let error = try await failure { try await client.call(.createEnrolment, request) }
                #expect(error.data == ["field": .string(field)])
            }
            _ = try await client.call(.createEnrolment, EnrolmentRequest(name: "a", lifetimeSeconds: 3_600))
            let used = try await client.call(.createEnrolment, EnrolmentRequest(name: "b", lifetimeSeconds: 604_800))
            _ = try await test.redeem(used.token, client)
            let more = EnrolmentRequest(name: "c")
            #expect(try await failure { try await client.call(.createEnrolment, more) }.code == .conflict)
            // What nobody used in time makes room, and so does a host that is long gone.
            test.time.advance(by: .seconds(3_600))
            _ = try await client.call(.createEnrolment, more)
            #expect(try await failure { try await client.call(.createEnrolment, more) }.code == .conflict)
            test.time.advance(by: .seconds(38 * 86_400))
            _ = try await client.call(.createEnrolment, more)
            #expect(try await client.call(.listEnrolments, Empty()).enrolments.map(\.name) == ["c"])
        }
    }
}
