import CSV
import Contracts
import Foundation
import JSON
import JSONRPC
import Synchronization
import Testing

@testable import CLIService

@Suite("Files in pieces")
struct FilePiecesTests {
    /// The pieces of a file that is read some bytes at a time, and what is wrong with it.
    private static func pieces(_ text: String, step: Int = 65_536) -> ([FilePieces.Piece], CSVError?) {
        var cutter = FilePieces(targetColumn: "target")
        var pieces: [FilePieces.Piece] = []
        var rest = Array(text.utf8)[...]
        do throws(CSVError) {
            while !rest.isEmpty {
                try cutter.add(rest.prefix(step), to: &pieces)
                rest = rest.dropFirst(step)
            }
            try cutter.finish(&pieces)
            return (pieces, nil)
        } catch {
            return (pieces, error)
        }
    }

    @Test("are cut where records end, and know their lines and targets", arguments: [1, 7, 100_000])
    func cuts(step: Int) {
        let records = (0..<4_500).map { "\($0),\"a\nb\",'=t\($0 % 3)\r\n" }
        let (pieces, failure) = Self.pieces("\u{feff}id,x,target\r\n\n\n" + records.joined() + "\nlast,,", step: step)
        #expect(failure == nil)
        #expect(pieces.map(\.records) == [2_000, 2_000, 501])
        #expect(pieces.map(\.firstLine) == [4, 4_004, 8_004])
        #expect(pieces[0].text == records[..<2_000].joined())
        #expect(pieces[1].targets == ["=t0", "=t1", "=t2"])
        #expect(pieces[2].text == records[4_000...].joined() + "\nlast,,")
    }

    @Test("are of bounded size, however long their records are")
    func sizes() {
        let record = "\(String(repeating: "x", count: 60_000)),\(String(repeating: "y", count: 60_000)),t\n"
        let (pieces, failure) = Self.pieces("id,x,target\n" + String(repeating: record, count: 11))
        #expect(failure == nil)
        #expect(pieces.map(\.records) == [2, 2, 2, 2, 2, 1])
        #expect(pieces.allSatisfy { $0.text.utf8.count <= 256 << 10 })
    }

    @Test("end before what is no CSV, and tell its line")
    func faults() {
        let (pieces, failure) = Self.pieces("target\na\nb\n\"c\"d\ne\n")
        #expect(pieces.map(\.text) == ["a\nb\n"])
        #expect(failure?.line == 4)
        #expect(Self.pieces("a,a\n1,2\n").1?.code == .header)
        #expect(Self.pieces("target\na\n\"b\nc").0.map(\.text) == ["a\n"])
    }

    @Test("are sent again while the store is busy, with the ids of targets that are known")
    func retries() async throws {
        let time = Timestamp(microseconds: 0)
        let known = Target(id: .make(), name: "web", address: "192.0.2.1", createdAt: time, updatedAt: time)
        let sent = Mutex<[ImportPiece]>([])
        let run = ImportRun(name: "a.csv", mapping: [:], isDry: false, targets: TargetNames([known])) { piece in
            let count = sent.withLock { sent in
                sent.append(piece)
                return sent.count
            }
            guard count > 2 else { throw RPCError(.busy, "later", data: ["retry_after_ms": 1]) }
            return ImportReport(stored: 2)
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())")
        try "target\nweb\nmail\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let total = try await run.all(of: try FileHandle(forReadingFrom: file))
        #expect((total.rows, total.report.stored, total.strangers) == (2, 2, ["mail"]))
        let pieces = sent.withLock { $0 }
        #expect(pieces.count == 3)
        #expect(pieces.allSatisfy { $0 == pieces[0] && $0.targets == ["web": known.id] && $0.firstLine == 2 })
    }
}
