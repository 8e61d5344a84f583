import CSV
import Contracts
import Foundation
import JSON
import JSONRPC

/// Imports one file, piece by piece, and says how far it is.
struct ImportRun: Sendable {
    /// What came of all pieces.
    struct Total {
        var rows = 0
        /// Without its errors, which are told of as they come.
        var report = ImportReport()
        /// Names in the file that are no targets' names.
        var strangers: Set<String> = []

        func text(_ isDry: Bool) -> String {
            let (verb, known) = isDry ? ("would store", "there already") : ("stored", "were there already")
            return "\(verb) \(report.stored) of \(rows) rows; \(report.duplicates) \(known), \(report.refused) refused"
        }
    }

    private static let readBytes = 64 << 10
    private static let toldProblems = 1_000
    private static let toldStrangers = 1_000
    /// How long a store may be busy or away.
    private static let patience = Duration.seconds(300)

    let name: String
    let mapping: [String: String]
    let isDry: Bool
    let targets: TargetNames
    let send: @Sendable (ImportPiece) async throws -> ImportReport

    func all(of file: FileHandle) async throws -> Total {
        var total = Total()
        var pieces = FilePieces(targetColumn: mapping["target"] ?? "target")
        var failure: CSVError?
        var isAtEnd = false
        while !isAtEnd {
            let bytes = try file.read(upToCount: Self.readBytes) ?? Data()
            isAtEnd = bytes.isEmpty
            var whole: [FilePieces.Piece] = []
            do throws(CSVError) {
                if isAtEnd { try pieces.finish(&whole) } else { try pieces.add([UInt8](bytes), to: &whole) }
            } catch {
                failure = error
                isAtEnd = true
            }
            for piece in whole { try await take(piece, pieces.header?.columns ?? [], &total) }
        }
        if isatty(2) == 1, total.rows > 0 { complain("") }
        if let failure {
            throw CommandLineError(.badData, "\(name):\(failure.line): \(failure.message); \(total.text(isDry))")
        }
        guard pieces.header != nil else { throw CommandLineError(.badData, "\(name) is empty") }
        if !total.strangers.isEmpty {
            let some = total.strangers.sorted().prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
            let rest = total.strangers.count > 3 ? " and others" : ""
            complain("sonde: there is no target \(some)\(rest); their rows are kept under their names")
        }
        return total
    }

    private func take(_ piece: FilePieces.Piece, _ columns: [String], _ total: inout Total) async throws {
        let report = try await report(of: piece, columns)
        total.rows += piece.records
        total.report.stored += report.stored
        total.report.duplicates += report.duplicates
        for (index, problem) in report.errors.enumerated()
        where total.report.refused + index < Self.toldProblems {
            let field = problem.field.map { "\($0.rawValue): " } ?? ""
            complain("\(name):\(problem.line): \(field)\(problem.message)")
        }
        total.report.refused += report.refused
        for target in piece.targets where targets[target] == nil && total.strangers.count < Self.toldStrangers {
            total.strangers.insert(target)
        }
        if isatty(2) == 1 { show("\r\(total.rows) rows, \(total.report.refused) refused") }
    }

    private func report(of piece: FilePieces.Piece, _ columns: [String]) async throws -> ImportReport {
        var ids: [String: TargetID] = [:]
        for target in piece.targets { ids[target] = targets[target] }
        let piece = ImportPiece(
            columns: columns,
            text: piece.text,
            firstLine: piece.firstLine,
            mapping: mapping.isEmpty ? nil : mapping,
            targets: ids.isEmpty ? nil : ids,
            dryRun: isDry ? true : nil
        )
        let deadline = ContinuousClock.now.advanced(by: Self.patience)
        while true {
            do {
                return try await send(piece)
            } catch let error as RPCError where error.code == .busy || error.code == .unavailable {
                // A piece can be sent again whatever became of it: what was stored is not stored twice.
                guard ContinuousClock.now < deadline else { throw error }
                var pause = 1_000
                if case .int(let milliseconds)? = error.data?["retry_after_ms"] { pause = milliseconds }
                try await ContinuousClock().sleep(for: .milliseconds(pause))
            }
        }
    }

    private func complain(_ text: String) { show(text + "\n") }

    private func show(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
