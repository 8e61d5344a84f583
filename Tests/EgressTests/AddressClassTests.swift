import Egress
import EventLoop
import Testing

@Suite("AddressClass")
struct AddressClassTests {
    @Test(
        "sorts every kind of address",
        arguments: [
            ("8.8.8.8", AddressClass.global), ("127.0.0.1", .loopback), ("127.255.255.254", .loopback),
            ("10.1.2.3", .private), ("172.16.0.1", .private), ("172.32.0.1", .global), ("192.168.1.1", .private),
            ("100.64.0.1", .shared), ("100.127.255.255", .shared), ("100.128.0.1", .global),
            ("169.254.1.1", .linkLocal), ("169.254.169.254", .metadata), ("100.100.100.200", .metadata),
            ("168.63.129.16", .metadata), ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified),
            ("224.0.0.1", .multicast), ("255.255.255.255", .broadcast), ("240.0.0.1", .reserved),
            ("192.0.2.1", .documentation), ("198.51.100.1", .documentation), ("203.0.113.9", .documentation),
            ("198.18.0.1", .documentation), ("::", .unspecified), ("::1", .loopback), ("fe80::1", .linkLocal),
            ("fd00::1", .uniqueLocal), ("fd00:ec2::254", .metadata), ("fec0::1", .private), ("ff02::1", .multicast),
            ("2001:db8::1", .documentation), ("2606:4700::1111", .global), ("4000::1", .reserved),
        ]
    )
    func plain(text: String, expected: AddressClass) throws {
        #expect(AddressClass(of: try #require(IPAddress(text))) == expected)
    }

    @Test(
        "sees through IPv6 addresses that stand for IPv4 addresses",
        arguments: [
            ("::ffff:169.254.169.254", AddressClass.metadata), ("::169.254.169.254", .metadata),
            ("::ffff:0:127.0.0.1", .loopback), ("::ffff:10.0.0.1", .private), ("::ffff:8.8.8.8", .global),
            ("64:ff9b::169.254.169.254", .metadata), ("64:ff9b::8.8.8.8", .translated),
            ("64:ff9b:1::1", .reserved), ("2002:a9fe:a9fe::1", .metadata), ("2002:0808:0808::1", .translated),
            ("2001:0:808:808::f7f7:f7f7", .translated), ("2001:0:808:808::5601:5601", .metadata),
        ]
    )
    func embedded(text: String, expected: AddressClass) throws {
        #expect(AddressClass(of: try #require(IPAddress(text))) == expected)
    }

    @Test("keeps the standard policy from everything that is not a host's own address")
    func standard() {
        let refused = Set(AddressClass.allCases).subtracting(AddressPolicy.standard.allowed)
        #expect(refused == [.linkLocal, .metadata, .multicast, .broadcast, .unspecified, .reserved])
    }
}
