import Contracts
import EventLoop
import JSON
import Testing

@testable import Probing

@Suite("Host metrics")
struct HostSampleTests {
    private static func files(_ factor: UInt64) -> [String: String] {
        [
            "stat":
                "cpu  \(100 * factor) 0 \(50 * factor) \(800 * factor) \(40 * factor) 0 \(5 * factor) \(5 * factor) 9 9\n",
            "loadavg": "0.42 0.30 0.20 1/234 5678\n",
            "meminfo":
                "MemTotal:  8000 kB\nMemAvailable: 6000 kB\nSwapTotal: 10 kB\nSwapFree: 4 kB\nHugePages_Total: 0\n",
            "diskstats": """
               7 0 loop0 1 0 999 0 1 0 999 0
             259 0 nvme0n1 1 0 \(20 * factor) 0 1 0 \(40 * factor) 0
             259 1 nvme0n1p1 1 0 999 0 1 0 999 0
             8 0 sda 1 0 \(2 * factor) 0 1 0 0 0
            """,
            "net/dev": """
            Inter-|   Receive
             face |bytes
                lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0
              eth0:\(1_000 * factor) \(10 * factor) 1 \(2 * factor) 0 0 0 0 \(500 * factor) \(5 * factor) 0 0 0 0 0 0
              idle: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
            """,
            "sys/net/netfilter/nf_conntrack_count": "17\n",
            "sys/net/netfilter/nf_conntrack_max": "65536\n",
            "net/snmp": "Tcp: RtoMin CurrEstab OutSegs RetransSegs\nTcp: 200 12 \(300 * factor) \(3 * factor)\n",
        ]
    }

    private func facts(_ now: [String: String], _ then: [String: String]?) -> [String: JSONValue] {
        var metadata = ProbeMetadata()
        let earlier = then.map { files in HostSample(takenAt: 0) { files[$0] } }
        metadata.add(HostSample(takenAt: 2_000_000_000) { now[$0] }, since: earlier)
        return ProbeOutcome(startedAt: .now, metadata: metadata).facts
    }

    @Test("are read from the kernel's files, as rates where they count up")
    func rates() {
        let facts = facts(Self.files(3), Self.files(1))
        #expect(facts["cpu_busy_percent"] == .double(15.5))
        #expect(facts["cpu_waiting_percent"] == .int(4) || facts["cpu_waiting_percent"] == .double(4))
        #expect(facts["load_1m"] == .double(0.42))
        #expect(facts["memory_available_bytes"] == .int(6_144_000))
        #expect(facts["swap_used_bytes"] == .int(6_144))
        #expect(facts["disk_read_bytes_per_s"].flatMap(Self.number) == 11_264.0)
        #expect(facts["disk_written_bytes_per_s"].flatMap(Self.number) == 20_480.0)
        #expect(facts["tcp_retransmits_per_s"].flatMap(Self.number) == 3)
        #expect(facts["conntrack_entries"] == .int(17))
        guard case .array(let interfaces)? = facts["interfaces"], case .object(let eth0)? = interfaces.first else {
            Issue.record("no interfaces: \(facts)")
            return
        }
        #expect(interfaces.count == 1)
        #expect(eth0["received_bytes_per_s"].flatMap(Self.number) == 1_000)
        #expect(eth0["drops_per_s"].flatMap(Self.number) == 2)
    }

    @Test("tell no rate at first, nor of what was counted anew, and nothing of files that are missing or odd")
    func gaps() {
        #expect(facts(Self.files(1), nil)["cpu_busy_percent"] == nil)
        let restarted = facts(Self.files(1), Self.files(2))
        #expect(restarted["tcp_retransmits_per_s"] == nil)
        #expect(restarted["cpu_busy_percent"] == nil)
        #expect(facts([:], [:]).isEmpty)
        let odd = Dictionary(
            uniqueKeysWithValues: Self.files(1).keys.map { ($0, "cpu \u{0} -1 99999999999999999999 : \n:") }
        )
        #expect(facts(odd, odd)["cpu_busy_percent"] == nil)
    }

    @Test("are those of this host")
    func thisHost() async throws {
        let outcome = try await ProbeCase().runs(2, .host, "localhost").last?.outcome
        let facts = try #require(outcome).facts
        #expect(outcome?.status == .success)
        #expect(outcome?.sent == 0)
        for key in ["load_1m", "memory_total_bytes", "memory_available_bytes", "disk_free_bytes"] {
            #expect(facts[key] != nil, "\(key)")
        }
    }

    private static func number(_ value: JSONValue) -> Double? {
        switch value {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }
}
