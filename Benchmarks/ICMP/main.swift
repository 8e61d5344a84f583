import CLinux
import EventLoop
import Probing

// Echoes to 1,000 loopback addresses: how many a second beside fping, and how far each round trip is from what a
// packet capture saw. Run as root, it works in a network namespace of its own, where ping sockets are allowed.

let addresses = (0..<1_000).map { IPAddress(v4: 0x7f00_0002 + UInt32($0)) }
let isAlone = clinux_enter_new_network() == 0
let report = Report()

for kind in isAlone ? [ICMPEngine.SocketKind.ping, .raw] : [.ping] {
    let pairs = (0..<8).map { _ in
        (ours: Throughput.measure(addresses, kind, echoes: 50_000), fping: Fping.measure(addresses, echoes: 50_000))
    }
    let ours = pairs.compactMap(\.ours).max() ?? 0
    let peer = pairs.compactMap(\.fping).max() ?? 0
    // Ping sockets are what agents use; a raw socket is also handed a copy of every other ICMP packet.
    let limit = kind == .ping ? 1.3 : 1.2
    report.line("icmp-\(kind)-probes-per-second", ours, peer: peer, ratio: ours / peer, atLeast: limit)

    let errors = Accuracy.errors(addresses, kind, rounds: 50)
    let p99 = errors.isEmpty ? .infinity : errors[errors.count * 99 / 100]
    report.line("icmp-\(kind)-p99-error-microseconds", p99, peer: 5, ratio: 5 / p99, atLeast: 1)
}
report.exit()
