import Observability

@testable import ProbeAgentService

/// What a folder may look like after the machine has lost its power: what was synchronised is there, and of the rest any
/// part.
///
/// More pessimistic than a file system with a journal: the changes of names are lost each by itself as well.
struct LossyDisk {
    private struct Inode {
        var synced: [UInt8] = []
        var pending: [DiskChange] = []
    }

    private enum NameChange {
        case linked(String, Int)
        case removed(String)
    }

    private let folder: String
    private var inodes: [Inode] = []
    private var names: [String: Int] = [:]
    private var syncedNames: [String: Int] = [:]
    private var pendingNames: [NameChange] = []

    init(_ folder: String) {
        self.folder = folder
    }

    mutating func apply(_ change: DiskChange) {
        switch change {
        case .opened(let path, let isEmptied):
            if let known = names[path] {
                if isEmptied { inodes[known].pending.append(.truncated(path, to: 0)) }
            } else {
                inodes.append(Inode())
                link(path, inodes.count - 1)
            }
        case .written(let path, _, _), .truncated(let path, _):
            if let inode = names[path] { inodes[inode].pending.append(change) }
        case .synced(folder):
            syncedNames = names
            pendingNames = []
        case .synced(let path):
            guard let inode = names[path] else { return }
            for change in inodes[inode].pending { Self.perform(change, on: &inodes[inode].synced) }
            inodes[inode].pending = []
        case .renamed(let path, let other):
            guard let inode = names[path] else { return }
            unlink(path)
            link(other, inode)
        case .removed(let path):
            if names[path] != nil { unlink(path) }
        }
    }

    private mutating func link(_ path: String, _ inode: Int) {
        names[path] = inode
        pendingNames.append(.linked(path, inode))
    }

    private mutating func unlink(_ path: String) {
        names[path] = nil
        pendingNames.append(.removed(path))
    }

    /// The files after a loss of power at this moment, by name; each change that was not synchronised has lasted by
    /// `chance`, and of a write perhaps only the beginning.
    func files(lasting chance: Double, _ random: inout SplitMix64) -> [String: [UInt8]] {
        var left = syncedNames
        for change in pendingNames where Double.random(in: 0..<1, using: &random) < chance {
            switch change {
            case .linked(let path, let inode): left[path] = inode
            case .removed(let path): left[path] = nil
            }
        }
        return left.mapValues { number in
            var bytes = inodes[number].synced
            for change in inodes[number].pending where Double.random(in: 0..<1, using: &random) < chance {
                Self.perform(Self.torn(change, chance, &random), on: &bytes)
            }
            return bytes
        }
    }

    private static func torn(_ change: DiskChange, _ chance: Double, _ random: inout SplitMix64) -> DiskChange {
        guard case .written(let path, let bytes, let offset) = change,
            Double.random(in: 0..<1, using: &random) >= chance
        else { return change }
        return .written(path, Array(bytes.prefix(.random(in: 0...bytes.count, using: &random))), at: offset)
    }

    private static func perform(_ change: DiskChange, on file: inout [UInt8]) {
        switch change {
        case .written(_, let bytes, let offset):
            if file.count < offset + bytes.count {
                file += [UInt8](repeating: 0, count: offset + bytes.count - file.count)
            }
            file.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        case .truncated(_, let size):
            file = Array(file.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - file.count))
        default: break
        }
    }
}
