import Foundation
import JSON
import Simulation

/// Where the truth goes: a file, when one is asked for, and a sum of it.
final class TruthFile {
    private static let blockBytes = 1 << 20

    private(set) var summary = TruthSummary()
    private let file: FileHandle?
    private var writer = JSONWriter(capacity: blockBytes)
    /// Why nothing more is written.
    private var failure: (any Error)?

    init(_ path: String?) throws(CommandLineError) {
        guard let path else {
            file = nil
            return
        }
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CommandLineError(.cannotCreate, "\(path) cannot be written") }
        self.file = file
    }

    func add(_ fate: PacketFate) {
        summary.add(fate)
        guard file != nil, failure == nil else { return }
        fate.write(to: &writer)
        writer.newline()
        if writer.bytes.count >= Self.blockBytes { flush() }
    }

    /// Throws what kept the truth from being written whole.
    func close() throws {
        flush()
        if let failure { throw failure }
        try file?.close()
    }

    private func flush() {
        guard failure == nil else { return }
        do {
            try file?.write(contentsOf: writer.bytes)
        } catch {
            failure = error
        }
        writer.removeAll()
    }
}
