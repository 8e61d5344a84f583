import Contracts
import EventLoop
import Foundation
import Glibc
import JSON

/// A look at the agent's own host.
///
/// It has no latency; its rows join those of probes by their time.
struct HostProbe: Probe {
    let sampler: HostSampler

    func run(timeout: Duration) async -> ProbeOutcome {
        let startedAt = Timestamp.now
        var metadata = ProbeMetadata()
        sampler.write(to: &metadata)
        return ProbeOutcome(startedAt: startedAt, sent: 0, received: 0, metadata: metadata)
    }
}

/// Takes samples of a host, and remembers the last one: what is told of a rate is that since then.
///
/// To be used on its loop only.
final class HostSampler {
    /// Nanoseconds over which a rate means something.
    private static let shortest: UInt64 = 200_000_000

    private let root: String
    private let loop: EventLoop
    private var last: HostSample?

    init(on loop: EventLoop, root: String = "/proc") {
        self.loop = loop
        self.root = root
    }

    func write(to metadata: inout ProbeMetadata) {
        let sample = HostSample(takenAt: LoopClock(loop).now.nanoseconds) { path in
            // Files of proc say that they are empty.
            FileHandle(forReadingAtPath: "\(root)/\(path)").flatMap { try? $0.readToEnd() }
                .map { String(decoding: $0, as: UTF8.self) }
        }
        metadata.add(sample, since: last)
        metadata.addFileSystem(of: "/")
        if sample.takenAt - (last?.takenAt ?? 0) >= Self.shortest { last = sample }
    }
}

extension ProbeMetadata {
    /// Adds what is so now, and, since an earlier sample, how fast it went.
    mutating func add(_ sample: HostSample, since earlier: HostSample?) {
        if let load = sample.load { decimal("load_1m", load) }
        addMemory(sample.memory)
        count("conntrack_entries", sample.conntrackEntries)
        count("conntrack_limit", sample.conntrackLimit)
        count("tcp_established", sample.tcp["CurrEstab"])
        guard let earlier, sample.takenAt > earlier.takenAt else { return }
        let seconds = Double(sample.takenAt - earlier.takenAt) / 1e9
        addProcessor(sample.processor, since: earlier.processor)
        rate("disk_read_bytes_per_s", sample.diskReadBytes, earlier.diskReadBytes, seconds)
        rate("disk_written_bytes_per_s", sample.diskWrittenBytes, earlier.diskWrittenBytes, seconds)
        rate("tcp_retransmits_per_s", sample.tcp["RetransSegs"], earlier.tcp["RetransSegs"], seconds)
        rate("tcp_segments_sent_per_s", sample.tcp["OutSegs"], earlier.tcp["OutSegs"], seconds)
        addInterfaces(sample.interfaces, since: earlier.interfaces, seconds)
    }

    /// Adds what a file system holds and has left.
    mutating func addFileSystem(of path: String) {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return }
        let block = UInt64(status.f_frsize)
        count("disk_total_bytes", UInt64(status.f_blocks) &* block)
        count("disk_free_bytes", UInt64(status.f_bavail) &* block)
    }

    private mutating func addMemory(_ memory: [String: UInt64]) {
        count("memory_total_bytes", memory["MemTotal"])
        count("memory_available_bytes", memory["MemAvailable"])
        if let total = memory["SwapTotal"], let free = memory["SwapFree"], total >= free {
            count("swap_used_bytes", total - free)
        }
    }

    private mutating func addProcessor(_ now: HostSample.Processor?, since then: HostSample.Processor?) {
        guard let now, let then, now.total > then.total else { return }
        let total = Double(now.total - then.total)
        decimal("cpu_busy_percent", 100 * Double(now.busy &- min(now.busy, then.busy)) / total)
        decimal("cpu_waiting_percent", 100 * Double(now.waiting &- min(now.waiting, then.waiting)) / total)
        decimal("cpu_stolen_percent", 100 * Double(now.stolen &- min(now.stolen, then.stolen)) / total)
    }

    private mutating func addInterfaces(
        _ now: [HostSample.Interface],
        since then: [HostSample.Interface],
        _ seconds: Double
    ) {
        var writer = JSONWriter()
        writer.beginArray()
        for interface in now {
            guard let earlier = then.first(where: { $0.name == interface.name }) else { continue }
            writer.beginObject()
            writer.key("name")
            writer.string(interface.name)
            let rates: [(StaticString, UInt64, UInt64)] = [
                ("received_bytes_per_s", interface.receivedBytes, earlier.receivedBytes),
                ("received_packets_per_s", interface.receivedPackets, earlier.receivedPackets),
                ("sent_bytes_per_s", interface.sentBytes, earlier.sentBytes),
                ("sent_packets_per_s", interface.sentPackets, earlier.sentPackets),
                ("errors_per_s", interface.errors, earlier.errors), ("drops_per_s", interface.drops, earlier.drops),
            ]
            for (key, now, then) in rates where now >= then {
                writer.key(key)
                writer.double((Double(now - then) / seconds * 100).rounded() / 100)
            }
            writer.endObject()
        }
        writer.endArray()
        if !now.isEmpty { json("interfaces", writer.bytes) }
    }

    private mutating func count(_ key: StaticString, _ value: UInt64?) {
        if let value, let number = Int(exactly: value) { integer(key, number) }
    }

    /// A counter that went back was started anew, and says nothing.
    private mutating func rate(_ key: StaticString, _ now: UInt64?, _ then: UInt64?, _ seconds: Double) {
        guard let now, let then, now >= then else { return }
        decimal(key, Double(now - then) / seconds)
    }
}
