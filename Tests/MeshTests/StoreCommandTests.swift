import Contracts
import Foundation
import Testing

@testable import CLIService

@Suite("The commands `sonde store`", .timeLimit(.minutes(3)))
struct StoreCommandTests {
    /// Returns the exit code and all that was printed.
    private static func sonde(_ arguments: [String]) async throws -> (code: Int, text: String) {
        let sonde = try await SondeCommand.run(arguments)
        return (sonde.code, sonde.text + sonde.complaint)
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
        let checked = try await Self.sonde(["store", "check", "--data", data])
        #expect(checked.code == 0 && checked.text.hasSuffix("no fault\n"))
        let copied = try await Self.sonde(["store", "backup", data, "--to", file])
        #expect(copied.code == 0 && copied.text.hasSuffix("no fault\n"))
        let early = try await Self.sonde(["store", "restore", file, "--data", data, "--force"])
        #expect(early.code == 74 && early.text.contains("another process has the database open"))
        #expect(try await installation.stop() == 0)

        let careless = try await Self.sonde(["store", "restore", file, "--data", data])
        #expect(careless.code == 73 && careless.text.contains("--force replaces it"))
        let restored = try await Self.sonde(["store", "restore", file, "--data", data, "--force"])
        #expect(restored.code == 0)
        let json = try await Self.sonde(["store", "check", "--data", data, "--json"])
        #expect(json.code == 0 && json.text.contains("\"fault_count\":0"))
        let none = try await Self.sonde(["store", "check", "--database", file + ".none"])
        #expect(none.code == 74)
    }
}
