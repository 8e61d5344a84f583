import EventLoop
import Foundation
import Testing

@testable import Simulation

@Suite("The text of a network")
struct DescriptionTests {
    @Test("says who is there, what joins them, and what goes wrong")
    func whole() throws {
        let network = try NetworkDescription(
            text: """
                seed 7   # chance begins here
                vantage here 10.0.0.2 fd00::2
                router  r1   10.0.0.1 silent
                host    web  10.0.2.10 udp:7=echo tcp:80 tcp:22=filtered

                link here r1 latency 0.2ms
                link r1 web latency 10ms~1ms loss 0.1% duplicate 1% reorder 2%+3ms mtu 1400 rate 2.5Mbit queue 20ms cost 5
                fault r1 web loss 30% latency 50ms ipv6 from 60s to 2min
                fault web r1 down from 1h to 2h
                fault web down to 1s
                """
        )
        #expect(network.seed == 7)
        #expect(network.nodes.map(\.name) == ["here", "r1", "web"])
        #expect(network.nodes.map(\.role) == [.vantage, .router, .host])
        #expect(network.nodes[0].addresses == [IPAddress("10.0.0.2"), IPAddress("fd00::2")])
        #expect(network.nodes.map(\.answers) == [true, false, true])
        #expect(
            network.nodes[2].services == [.udpEcho(port: 7), .tcp(port: 80), .filtered(protocolNumber: 6, port: 22)]
        )
        var behaviour = LinkBehaviour()
        behaviour.latency = .normal(mean: .milliseconds(10), deviation: .milliseconds(1))
        behaviour.loss = 0.001
        behaviour.duplication = 0.01
        behaviour.reordering = 0.02
        behaviour.reorderingDelay = .milliseconds(3)
        behaviour.mtu = 1_400
        behaviour.rate = 2_500_000
        behaviour.queue = .milliseconds(20)
        #expect(network.links[1] == NetworkDescription.Link(ends: ["r1", "web"], behaviour: behaviour, cost: 5))
        var impairment = LinkImpairment()
        impairment.loss = 0.3
        impairment.latency = .milliseconds(50)
        impairment.version = 6
        typealias Fault = NetworkDescription.Fault
        #expect(
            network.faults == [
                Fault(effect: .link(ends: ["r1", "web"], impairment), start: .seconds(60), end: .seconds(120)),
                Fault(effect: .linkDown(ends: ["web", "r1"]), start: .seconds(3_600), end: .seconds(7_200)),
                Fault(effect: .nodeDown(name: "web"), start: .zero, end: .seconds(1)),
            ]
        )
    }

    @Test("has web servers of several kinds")
    func web() throws {
        let network = try NetworkDescription(
            text: """
                host a 10.0.0.1 http:80 http:81=503 http:82=https://a.sim/b=c https:443=404 certificate=2h
                host b 10.0.0.2 https:443 certificate=untrusted certificate=5d
                """
        )
        #expect(
            network.nodes[0].services == [
                .http(port: 80, status: 200), .http(port: 81, status: 503),
                .http(port: 82, status: 302, location: "https://a.sim/b=c"),
                .http(port: 443, status: 404, isSecure: true),
            ]
        )
        #expect(network.nodes.map(\.isTrusted) == [true, false])
        #expect(network.nodes.map(\.certificateLifetime) == [.seconds(7_200), .seconds(5 * 86_400)])
    }

    @Test("of the examples in the manual can be built", arguments: [("office", 8, 2), ("demo", 50, 5)])
    func examples(name: String, nodes: Int, faults: Int) throws {
        let file = URL(filePath: #filePath).appending(path: "../../../docs/\(name).sim").standardized
        let network = try NetworkDescription(text: String(contentsOf: file, encoding: .utf8))
        #expect(network.nodes.count == nodes)
        #expect(network.faults.count == faults)
    }

    @Test(
        "has latencies of four kinds",
        arguments: [
            ("1ms", LatencyDistribution.constant(.milliseconds(1))),
            ("1ms..2ms", .uniform(.milliseconds(1), .milliseconds(2))),
            ("10ms~1.5ms", .normal(mean: .milliseconds(10), deviation: .microseconds(1_500))),
            ("10ms+250us", .exponential(base: .milliseconds(10), tail: .microseconds(250))),
        ]
    )
    func latencies(text: String, expected: LatencyDistribution) throws {
        let network = try NetworkDescription(text: "host a 10.0.0.1\nhost b 10.0.0.2\nlink a b latency \(text)")
        #expect(network.links[0].behaviour.latency == expected)
    }

    @Test(
        "is refused with the line and the reason",
        arguments: [
            ("hosts a 10.0.0.1", "line 1: \"hosts\" is none of seed, host, router, vantage, link, fault"),
            ("\n\nseed x", "line 3: \"x\" is not a seed: a number from 0 to 18446744073709551615"),
            ("router a 10.0.0.1 notices=0/s", "line 1: \"0/s\" is no frequency such as 10/s"),
            ("seed 1 2", "line 1: \"2\" is too much"),
            ("host", "line 1: a name is missing"),
            ("host a;b 10.0.0.1", "line 1: \"a;b\" is no name: up to 63 letters, digits, and - _ ."),
            ("host a", "a has no address"),
            (
                "host a 10.0.0.300",
                "line 1: \"10.0.0.300\" is neither an address, nor \"silent\", nor a service such as tcp:80"
            ),
            (
                "host a 10.0.0.1 udp:7",
                "line 1: \"udp:7\" is no service: udp:PORT=echo, =stamp, =dns or =filtered, tcp:PORT, =filtered, http:PORT or https:PORT, =STATUS or =URL"
            ),
            (
                "host a 10.0.0.1 tcp:0",
                "line 1: \"tcp:0\" is neither an address, nor \"silent\", nor a service such as tcp:80"
            ),
            ("host a 10.0.0.1\nhost a 10.0.0.2", "there are two nodes named a"),
            ("host web 10.0.0.1\nhost Web 10.0.0.2", "there are two nodes named web"),
            (
                "host a" + (1...13).map { " 10.0.0.\($0)" }.joined(),
                "a has more than 12 addresses"
            ),
            (
                "host a 10.0.0.1 fd00::1\nhost b 10.0.0.2\nlink a b mtu 1000",
                "the link of a and b is too small for IPv6, which needs 1280 bytes"
            ),
            ("fault a b to 2s", "line 1: a link is either \"down\" or has loss or latency"),
            ("fault a b down loss 3% to 2s", "line 1: a link is either \"down\" or has loss or latency"),
            ("fault a b down ipv6 to 2s", "line 1: a link is either \"down\" or has loss or latency"),
            ("link a b latency 9000h", "line 1: \"9000h\" is no time such as 200us, 1.5ms, 3s, 2min or 1h"),
            ("seed 1\r\nseed x", "line 2: \"x\" is not a seed: a number from 0 to 18446744073709551615"),
            ("host a 10.0.0.1\nhost b 10.0.0.1", "two nodes have the address 10.0.0.1"),
            ("host a 10.0.0.1\nlink a b", "there is no node named b"),
            ("host a 10.0.0.1\nlink a a", "a link joins a with itself"),
            ("host a 10.0.0.1\nlink a b loss 3", "line 2: \"3\" is no share such as 0.5%"),
            ("link a b loss 101%", "line 1: \"101%\" is no share such as 0.5%"),
            ("link a b loss nan%", "line 1: \"nan%\" is no share such as 0.5%"),
            ("link a b latency -1ms", "line 1: \"-1ms\" is no time such as 200us, 1.5ms, 3s, 2min or 1h"),
            ("link a b latency 3ms..1ms", "line 1: \"3ms..1ms\" ends before it begins"),
            (
                "link a b latency 99999999999999h",
                "line 1: \"99999999999999h\" is no time such as 200us, 1.5ms, 3s, 2min or 1h"
            ),
            ("link a b mtu 100", "line 1: \"100\" is not bytes: a number from 576 to 65535"),
            ("link a b rate 0Mbit", "line 1: \"0Mbit\" is no rate such as 64kbit, 100Mbit or 1Gbit"),
            (
                "link a b colour red",
                "line 1: \"colour\" is none of latency, loss, duplicate, reorder, mtu, rate, queue, cost, back"
            ),
            ("fault a b loss 1%", "line 1: a fault lasts from one time to a later one"),
            ("fault a b loss 1% from 2s to 1s", "line 1: a fault lasts from one time to a later one"),
            ("fault a loss 1% to 2s", "line 1: all that befalls a node is \"down\""),
            (
                "host a 10.0.0.1\nhost b 10.0.0.2\nfault a b down to 1s",
                "a fault is about a link of a and b, who have none"
            ),
        ]
    )
    func refusals(text: String, reason: String) {
        let error = #expect(throws: DescriptionError.self) { try NetworkDescription(text: text) }
        #expect(error?.description == reason)
    }
}
