import Egress
import EventLoop
import Testing

@Suite("Address policy")
struct AddressPolicyTests {
    private let policy = AddressPolicy(
        allowed: AddressPolicy.standard.allowed,
        denied: ["10.96.0.0/12", "192.168.7.9", "fd00:10::/64", "203.0.113.0/25"].compactMap(IPNetwork.init)
    )

    @Test(
        "denies the networks that it is told to, in whatever form their addresses come",
        arguments: [
            "10.96.0.1", "10.111.255.255", "192.168.7.9", "fd00:10::1", "::ffff:10.96.0.1", "::10.96.0.1",
            "64:ff9b::cb00:710a", "2002:cb00:710a::1", "203.0.113.127",
        ]
    )
    func denied(text: String) throws {
        #expect(!policy.allows(try #require(IPAddress(text))))
    }

    @Test("allows what lies beside them", arguments: ["10.112.0.0", "10.95.255.255", "192.168.7.8", "fd00:10:0:1::1"])
    func beside(text: String) throws {
        #expect(policy.allows(try #require(IPAddress(text))))
    }

    @Test(
        "reads no other networks",
        arguments: [
            "", "/8", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/8/8", "a/8", "fe80::1%1/64",
        ]
    )
    func refused(text: String) {
        #expect(IPNetwork(text) == nil)
    }

    @Test("has networks of every length")
    func lengths() throws {
        let address = try #require(IPAddress("255.255.255.255"))
        for length in 0...32 {
            let network = try #require(IPNetwork("255.255.255.255/\(length)"))
            #expect(network.contains(address))
            let other = IPAddress(v4: length == 0 ? 0 : ~(1 << UInt32(32 - length)))
            #expect(network.contains(other) == (length == 0))
        }
        #expect(IPNetwork("0.0.0.0/0")?.contains(try #require(IPAddress("::1"))) == false)
    }
}
