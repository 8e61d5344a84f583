import Glibc

/// What a host's kernel has counted since it started, and what there is now (proc(5)).
struct HostSample: Equatable, Sendable {
    /// Hundredths of a second of all processors.
    struct Processor: Equatable, Sendable {
        var busy: UInt64 = 0
        var idle: UInt64 = 0
        var waiting: UInt64 = 0
        var stolen: UInt64 = 0

        var total: UInt64 { busy + idle + waiting + stolen }
    }

    struct Interface: Equatable, Sendable {
        var name: String
        var receivedBytes: UInt64
        var receivedPackets: UInt64
        /// Of both directions.
        var errors: UInt64
        var drops: UInt64
        var sentBytes: UInt64
        var sentPackets: UInt64
    }

    /// Interfaces that are looked at; those that have carried the most.
    static let maximumInterfaces = 8

    /// Nanoseconds of the monotonic clock.
    var takenAt: UInt64
    var processor: Processor?
    /// Processes that ran or wanted to, on the mean of a minute.
    var load: Double?
    /// Bytes, by the names of `/proc/meminfo`.
    var memory: [String: UInt64] = [:]
    var diskReadBytes: UInt64?
    var diskWrittenBytes: UInt64?
    var interfaces: [Interface] = []
    var conntrackEntries: UInt64?
    var conntrackLimit: UInt64?
    /// By the names of the `Tcp` lines of `/proc/net/snmp`.
    var tcp: [String: UInt64] = [:]

    /// Reads what it can; `read` returns a file's text by its path below `/proc`, or `nil`.
    init(takenAt: UInt64, _ read: (String) -> String?) {
        self.takenAt = takenAt
        processor = read("stat").flatMap(Self.processor)
        load = read("loadavg").flatMap { Double($0.prefix { $0 != " " }) }
        memory = read("meminfo").map(Self.memory) ?? [:]
        if let disks = read("diskstats") { (diskReadBytes, diskWrittenBytes) = Self.diskBytes(disks) }
        interfaces = read("net/dev").map(Self.interfaces) ?? []
        conntrackEntries = Self.number(read("sys/net/netfilter/nf_conntrack_count"))
        conntrackLimit = Self.number(read("sys/net/netfilter/nf_conntrack_max"))
        tcp = read("net/snmp").map(Self.tcp) ?? [:]
    }

    private static func number(_ text: String?) -> UInt64? {
        text.flatMap { UInt64($0.prefix { $0.isNumber }) }
    }

    private static func processor(_ text: String) -> Processor? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("cpu ") }) else { return nil }
        let times = line.split(separator: " ").dropFirst().map { UInt64($0) ?? 0 }
        guard times.count >= 8 else { return nil }
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
        return Processor(
            busy: times[0] + times[1] + times[2] + times[5] + times[6],
            idle: times[3],
            waiting: times[4],
            stolen: times[7]
        )
    }

    private static func memory(_ text: String) -> [String: UInt64] {
        var memory: [String: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == ":" || $0 == " " })
            guard words.count >= 2, let kilobytes = UInt64(words[1]), kilobytes < 1 << 50 else { continue }
            memory[String(words[0])] = kilobytes * 1_024
        }
        return memory
    }

    /// Of whole disks: a partition's bytes are those of its disk, and a loop device's those of another one.
    private static func diskBytes(_ text: String) -> (read: UInt64, written: UInt64) {
        var (read, written, last) = (UInt64(0), UInt64(0), "")
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 10, let sectorsRead = UInt64(words[5]), let sectorsWritten = UInt64(words[9]) else {
                continue
            }
            let name = String(words[2])
            guard !["loop", "ram", "dm-", "md", "zram", "sr"].contains(where: name.hasPrefix) else { continue }
            // `sda1` follows `sda`, and `nvme0n1p1` follows `nvme0n1`.
            if !last.isEmpty, name.hasPrefix(last) { continue }
            last = name
            read &+= sectorsRead &* 512
            written &+= sectorsWritten &* 512
        }
        return (read, written)
    }

    private static func interfaces(_ text: String) -> [Interface] {
        let all = text.split(separator: "\n").compactMap { line -> Interface? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let name = line[..<colon].drop { $0 == " " }
            let numbers = line[line.index(after: colon)...].split(separator: " ").compactMap { UInt64($0) }
            guard name != "lo", numbers.count >= 16 else { return nil }
            return Interface(
                name: String(name),
                receivedBytes: numbers[0],
                receivedPackets: numbers[1],
                errors: numbers[2] &+ numbers[10],
                drops: numbers[3] &+ numbers[11],
                sentBytes: numbers[8],
                sentPackets: numbers[9]
            )
        }
        let busiest = all.filter { $0.receivedBytes &+ $0.sentBytes > 0 }
            .sorted { ($0.receivedBytes &+ $0.sentBytes) > ($1.receivedBytes &+ $1.sentBytes) }
        return Array(busiest.prefix(maximumInterfaces))
    }

    private static func tcp(_ text: String) -> [String: UInt64] {
        let lines = text.split(separator: "\n").filter { $0.hasPrefix("Tcp:") }.map { $0.split(separator: " ") }
        guard lines.count == 2 else { return [:] }
        var tcp: [String: UInt64] = [:]
        for (name, value) in zip(lines[0], lines[1]).dropFirst() { tcp[String(name)] = UInt64(value) }
        return tcp
    }
}
