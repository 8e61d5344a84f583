import CLinux
import EventLoop
import Foundation

/// Runs fping at its fastest: no pause between packets (`-i 0`), a millisecond between packets to one target, and no
/// output but the sums.
enum Fping {
    /// Replies a second, start-up included; `nil` when it cannot be run.
    static func measure(_ addresses: [IPAddress], echoes: Int) -> Double? {
        guard let first = addresses.first, let last = addresses.last else { return nil }
        let count = echoes / addresses.count
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/fping")
        process.arguments = ["-q", "-c", "\(count)", "-i", "0", "-p", "1", "-g", "\(first)", "\(last)"]
        let output = Pipe()
        process.standardError = output
        let start = clinux_monotonic_nanoseconds()
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let seconds = Double(clinux_monotonic_nanoseconds() - start) * 1e-9
        process.waitUntilExit()
        return Double(replies(in: text)) / seconds
    }

    /// Reads lines like `127.0.0.2 : xmt/rcv/%loss = 50/50/0%, min/avg/max = …`.
    private static func replies(in text: String) -> Int {
        text.split(separator: "\n").reduce(0) { sum, line in
            let parts = line.split(separator: "=")
            guard parts.count > 1 else { return sum }
            let counts = parts[1].split(separator: "/")
            return sum + (counts.count > 1 ? Int(counts[1]) ?? 0 : 0)
        }
    }
}
