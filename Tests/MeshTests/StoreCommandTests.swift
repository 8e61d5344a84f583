import Contracts
import Foundation
import Testing

@testable import CLIService

@Suite("The commands `sonde store`", .timeLimit(.minutes(3)))
struct StoreCommandTests {
    private static func sonde(_ arguments: [String], in folder: URL) async throws -> (code: Int32, text: String) {
        let process = Process()
        process.executableURL = Installation.program("sonde")
        process.arguments = arguments
        let file = folder.appending(path: "\(UUID()).out")
        try Data().write(to: file)
        process.standardOutput = try FileHandle(forWritingTo: file)
        process.standardError = process.standardOutput
        try process.run()
        try await eventually("sonde has ended") { !process.isRunning }
        return (process.terminationStatus, try String(contentsOf: file, encoding: .utf8))
    }

    @Test("check and copy the database of a store that runs, and put the copy back when it does not")
    func thereAndBack() async throws {
        let installation = try await Installation()
        defer { installation.remove() }
        let folder = installation.folder
        let (data, file) = (folder.appending(path: "data").path(), folder.appending(path: "backup.db").path())
        let client = try await installation.signIn()
        let check = NewTargetCheck(type: .tcp, intervalMilliseconds: 200, timeoutMilliseconds: 150)
        let target = try await client.call(.createTarget, NewTarget(address: "127.0.9.1:1", checks: [check]))
        try await eventually("rows are stored") {
            try await client.call(.listMeasurements, MeasurementFilter(targetID: target.id)).measurements.count > 5
        }
        let checked = try await Self.sonde(["store", "check", "--data", data], in: folder)
        #expect(checked.code == 0 && checked.text.hasSuffix("no fault\n"))
        let copied = try await Self.sonde(["store", "backup", data, "--to", file], in: folder)
        #expect(copied.code == 0 && copied.text.hasSuffix("no fault\n"))
        let early = try await Self.sonde(["store", "restore", file, "--data", data, "--force"], in: folder)
        #expect(early.code == 74 && early.text.contains("another process has the database open"))
        #expect(try await installation.stop() == 0)

        let careless = try await Self.sonde(["store", "restore", file, "--data", data], in: folder)
        #expect(careless.code == 73 && careless.text.contains("--force replaces it"))
        let restored = try await Self.sonde(["store", "restore", file, "--data", data, "--force"], in: folder)
        #expect(restored.code == 0)
        let json = try await Self.sonde(["store", "check", "--data", data, "--json"], in: folder)
        #expect(json.code == 0 && json.text.contains("\"fault_count\":0"))
        let none = try await Self.sonde(["store", "check", "--database", file + ".none"], in: folder)
        #expect(none.code == 74)
    }
}
