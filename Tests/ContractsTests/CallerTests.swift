import Contracts
import JSON
import JSONRPC
import Observability
import Testing

@Suite("Callers")
struct CallerTests {
    private static let methods =
        publicMethods + [
            RPCMethod.registerAgent.descriptor, RPCMethod.heartbeat.descriptor,
            RPCStreamMethod.followAssignments.descriptor, RPCMethod.appendMeasurements.descriptor,
            RPCMethod.reportGap.descriptor, RPCMethod.renewCertificate.descriptor,
            RPCMethod.identifyAgent.descriptor,
            RPCStreamMethod.followIdentity.descriptor, RPCMethod.authenticateStream.descriptor,
            RPCMethod.subscribeStream.descriptor, RPCMethod.exchangeToken.descriptor,
        ]

    /// The code with which a router that answers every method refuses `peer`; `nil` when it does not.
    private static func refusal(of method: RPCDescriptor, by peer: String?) async throws -> JSONValue? {
        var router = RPCRouter(title: "test", log: Log(label: "test", sink: MemorySink()))
        router.handle(method, raw: { _ in RPCRawReply(result: Array("{}".utf8)[...]) })
        var random = SplitMix64(seed: 1)
        let context = CallContext(trace: .random(using: &random), peer: peer)
        let request = Array(#"{"jsonrpc":"2.0","method":"\#(method.name)","id":1}"#.utf8)
        guard case .message(let reply) = await router.respond(to: request, context: context) else { return nil }
        return try JSONValue(json: reply)["error"]?["code"]
    }

    @Test("are those whom the contract lists and nobody else, for every method and every service")
    func matrix() async throws {
        #expect(Set(Self.methods.map(\.name)).count == Self.methods.count)
        for method in Self.methods {
            for peer in RPCPeer.services.map(\.rawValue) + ["stranger", "", nil] {
                let isListed = peer.map { method.callers.contains(RPCPeer(rawValue: $0)) } ?? false
                let refusal = try await Self.refusal(of: method, by: peer)
                let isOpen = isListed || method.access == .anyone
                #expect(refusal == (isOpen ? nil : .int(-32_001)), "\(method.name) by \(peer ?? "nobody")")
            }
        }
    }

    @Test("never call a method of their own service, and agents only what agents need")
    func sense() {
        for method in Self.methods {
            #expect(!method.callers.contains(method.owner), "\(method.name)")
        }
        let agents = Self.methods.filter { $0.callers.contains(.probeAgent) }.map(\.name).sorted()
        #expect(
            agents == [
                "agent.heartbeat", "agent.register", "assignment.follow", "enrolment.renew", "gap.report",
                "measurement.append",
            ]
        )
    }
}
