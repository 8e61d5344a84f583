import CLIService
import Foundation
import Testing

@Suite("The command `sonde sim`", .enabled(if: geteuid() == 0), .timeLimit(.minutes(2)))
struct SimulationCommandTests {
    private static let network = """
        seed 3
        vantage here 10.77.0.2
        host web 10.77.1.10
        link here web latency 5ms loss 30%
        """

    /// Runs `sonde`; returns its exit code and all that it printed.
    private func sonde(_ arguments: String...) async throws -> (code: Int, text: String) {
        try await sonde(arguments)
    }

    private func sonde(_ arguments: [String]) async throws -> (code: Int, text: String) {
        let sonde = try await SondeCommand.run(arguments)
        return (sonde.code, sonde.text + sonde.complaint)
    }

    @Test("runs a command in the network, and keeps the truth of its packets")
    func truth() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "net.sim").path
        let truth = folder.appending(path: "truth.jsonl").path
        // Nothing is lost, so that no probe's patience decides on what is counted.
        let network = Self.network.replacing(" loss 30%", with: "")
        try network.write(toFile: file, atomically: true, encoding: .utf8)
        let run = try await sonde(
            "sim",
            "run",
            file,
            "--truth",
            truth,
            "--",
            Installation.program("sonde").path,
            "probe",
            "icmp",
            "10.77.1.10",
            "--count",
            "20",
            "--every",
            "20ms",
            "--timeout",
            "20s"
        )
        #expect(run.code == 0)
        let summary = try await sonde("sim", "truth", truth)
        #expect(summary.code == 0)
        #expect(run.text.contains(summary.text))
        // What the probe counted is what the network dealt.
        let fates = try String(contentsOfFile: truth, encoding: .utf8).split(separator: "\n")
        let replies = fates.filter { $0.contains(#""to":"10.77.0.2""#) && $0.contains("delivered") }.count
        #expect(fates.filter { $0.contains(#""to":"10.77.1.10""#) }.count == 20)
        #expect(run.text.components(separatedBy: "ms  success").count - 1 == replies)
    }

    @Test("probes a network in its own time, the same each time")
    func ownTime() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        try Self.network.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let first = try await sonde("sim", "probe", file.path, "icmp", "web", "--for", "1h", "--json")
        let second = try await sonde("sim", "probe", file.path, "icmp", "10.77.1.10", "--for", "1h", "--json")
        #expect(first.code == 0)
        let rows = first.text.split(separator: "\n")
        // Half of them fail, and each failure takes the place of the next run.
        #expect((800...1_400).contains(rows.count))
        #expect(rows.filter { $0.contains("\"status\":\"success\"") }.count > rows.count / 4)
        #expect(first.text.replacing("\"target\":\"web\"", with: "\"target\":\"10.77.1.10\"") == second.text)
        let wrong = try await sonde("sim", "probe", file.path, "host", "web")
        #expect((wrong.code, wrong.text) == (64, "sonde: host checks need a kernel; try sonde probe\n"))
        let nowhere = try await sonde("sim", "probe", file.path, "icmp", "web", "--at", "nowhere")
        #expect((nowhere.code, nowhere.text) == (64, "sonde: the network has no vantage nowhere, but here\n"))
    }

    @Test("counts an answer as a failure that is not as it must be")
    func failures() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        let network = "vantage here 10.77.0.2\nhost web 10.77.1.10 http:80=503\nlink here web latency 10ms"
        try network.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let run = try await sonde("sim", "probe", file.path, "http", "http://web/", "--for", "1m")
        #expect(run.text.contains("100.0 %  24 http_status  40.0 ms"))
    }

    @Test("takes every option of a check", arguments: ["http", "tls", "udp", "stamp", "mtu", "dns", "tcp", "trace"])
    func everyType(type: String) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        let network = """
            vantage here 10.77.0.2
            vantage there 10.77.0.3
            host web 10.77.1.10 https:443 udp:7=echo udp:862=stamp udp:53=dns
            link here web latency 10ms
            link there web latency 15ms
            """
        try network.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let options = type == "http" ? ["--expected-status", "200", "--certificate-days", "30"] : []
        let words = ["sim", "probe", file.path, type, "web", "--for", "1m", "--at", "there", "--json"] + options
        let run = try await sonde(words)
        let rows = run.text.split(separator: "\n")
        #expect(run.code == 0)
        #expect(rows.count >= 22)
        let latency = ["http": 90, "tls": 60][type] ?? 30
        #expect(rows.allSatisfy { $0.contains("\"latency_ms\":\(latency),\"status\":\"success\"") })
    }

    @Test("ends as the command does")
    func exitCode() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        try Self.network.write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try await sonde("sim", "run", file.path, "--", "/bin/sh", "-c", "exit 7").code == 7)
        #expect(try await sonde("sim", "run", file.path, "--for", "10ms").code == 0)
    }

    @Test("says in one line what is wrong")
    func mistakes() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        let cases = [
            ("link a", "sonde: \(file.path), line 1: a name is missing\n"),
            ("host a 10.0.0.1", "sonde: the network has no vantage, where packets could come from\n"),
        ]
        for (text, message) in cases {
            try text.write(to: file, atomically: true, encoding: .utf8)
            let run = try await sonde("sim", "run", file.path)
            #expect(run.code == 64)
            #expect(run.text == message)
        }
        try Self.network.write(to: file, atomically: true, encoding: .utf8)
        let missing = try await sonde("sim", "run", file.path, "--", "no-such-program")
        #expect(missing.text == "sonde: there is no program no-such-program\n")
        let truth = try await sonde("sim", "truth", file.path)
        #expect(truth.code == 64)
        #expect(truth.text.hasPrefix("sonde: \(file.path), line 1: "))
    }
}
