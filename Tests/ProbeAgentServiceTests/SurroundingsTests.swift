import Contracts
import Testing

@testable import ProbeAgentService

@Suite("Surroundings")
struct SurroundingsTests {
    private static let routes = """
        Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
        eth1	00000000	0201A8C0	0003	0	0	200	00000000	0	0	0
        eth0	00000000	0100000A	0003	0	0	100	00000000	0	0	0
        eth0	0000000A	00000000	0001	0	0	0	00FFFFFF	0	0	0
        """

    @Test("are the router of the best default route, and the resolvers of the configuration")
    func parse() {
        let configuration = """
            # made by hand
            search example.org
            nameserver 192.0.2.53
            nameserver\t2001:db8::53
            nameserver nonsense
            options ndots:5
            """
        let surroundings = AgentRegistration.Surroundings(routes: Self.routes, resolverConfiguration: configuration)
        #expect(surroundings.router == "10.0.0.1")
        #expect(surroundings.resolvers == ["192.0.2.53", "2001:db8::53"])
    }

    @Test("are empty on a machine without a route or a resolver", arguments: ["", "x", "Iface\neth0 0 0"])
    func nothing(text: String) {
        let surroundings = AgentRegistration.Surroundings(routes: text, resolverConfiguration: text)
        #expect(surroundings == AgentRegistration.Surroundings())
    }
}
