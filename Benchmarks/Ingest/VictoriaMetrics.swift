import Foundation
import StoreBench
import TestServers

/// A VictoriaMetrics of our own, and what it costs it to take the same measurements.
struct VictoriaMetrics {
    /// Column by column: the series, the time in milliseconds, and the numbers of a row; it has no place for the rest.
    private static let format = "1:label:series,2:time:unix_ms,3:metric:latency_ms,4:metric:status,5:metric:reason"

    let directory: String

    /// CPU seconds that it spends on the rows of a file, until they are where they stay.
    func cpuSeconds(importing file: String) throws -> Double {
        let port = try freePort()
        let server = Process()
        server.executableURL = URL(fileURLWithPath: "/usr/bin/victoria-metrics")
        server.arguments = [
            "-storageDataPath=\(directory)/victoria", "-httpListenAddr=127.0.0.1:\(port)", "-retentionPeriod=100y",
        ]
        server.standardOutput = FileHandle.nullDevice
        server.standardError = FileHandle.nullDevice
        try server.run()
        defer {
            server.terminate()
            server.waitUntilExit()
            try? FileManager.default.removeItem(atPath: "\(directory)/victoria")
        }
        let address = "http://127.0.0.1:\(port)"
        try curl("--retry", "50", "--retry-delay", "0", "--retry-connrefused", "\(address)/health")
        let before = try cpuSeconds(of: server.processIdentifier)
        try curl("--data-binary", "@\(file)", "\(address)/api/v1/import/csv?format=\(Self.format)")
        try curl("\(address)/internal/force_flush")
        return try cpuSeconds(of: server.processIdentifier) - before
    }

    private func curl(_ arguments: String...) throws {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        curl.arguments = ["--silent", "--fail", "--output", "/dev/null"] + arguments
        try curl.run()
        curl.waitUntilExit()
        precondition(curl.terminationStatus == 0, "VictoriaMetrics answers")
    }

    /// User and system time, which the kernel counts in hundredths of a second.
    private func cpuSeconds(of process: pid_t) throws -> Double {
        let line = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
        return (Double(fields[11]) ?? 0) / 100 + (Double(fields[12]) ?? 0) / 100
    }
}
