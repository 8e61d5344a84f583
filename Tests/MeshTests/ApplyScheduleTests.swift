import EventLoop
import Foundation
import Testing

@testable import CLIService

/// A folder as Kubernetes mounts a ConfigMap: its files are links through the link `..data`.
struct ConfigMapFolder {
    let path: String
    private let names: [String]

    init(_ files: [String: String]) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "sonde-\(UUID())").path
        names = files.keys.sorted()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try put(files)
        for name in names {
            try FileManager.default.createSymbolicLink(
                atPath: "\(path)/\(name)",
                withDestinationPath: "..data/\(name)"
            )
        }
    }

    /// Swaps all files at once.
    func put(_ files: [String: String]) throws {
        let version = "..\(UUID())"
        try FileManager.default.createDirectory(atPath: "\(path)/\(version)", withIntermediateDirectories: false)
        for (name, text) in files {
            try text.write(toFile: "\(path)/\(version)/\(name)", atomically: false, encoding: .utf8)
        }
        let link = "\(path)/..data_tmp"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: version)
        try #require(unsafe rename(link, "\(path)/..data") == 0)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A schedule, and the second at which it is asked.
private final class WatchedFiles {
    private var schedule = ApplySchedule()

    func isDue(_ stamp: DeclarationStamp, at second: UInt64) -> Bool {
        schedule.isDue(stamp, at: Self.instant(second))
    }

    func succeeded(_ stamp: DeclarationStamp) {
        schedule.succeeded(stamp)
    }

    func failed(_ stamp: DeclarationStamp, mayPass: Bool, at second: UInt64) -> Duration? {
        schedule.failed(stamp, mayPass: mayPass, at: Self.instant(second))
    }

    private static func instant(_ second: UInt64) -> LoopClock.Instant {
        LoopClock.Instant(nanoseconds: second * 1_000_000_000)
    }
}

@Suite("Files that are watched")
struct ApplyScheduleTests {
    /// Three versions of a folder, as they look one after the other.
    private static func stamps() throws -> [DeclarationStamp] {
        let folder = try ConfigMapFolder(["a.yaml": "targets: []\n"])
        defer { folder.remove() }
        return try (0..<3).map { _ in
            try folder.put(["a.yaml": "targets: []\n"])
            return DeclarationStamp(of: [folder.path])
        }
    }

    @Test("have another stamp when the link of a ConfigMap is swapped, and only when something changes")
    func swap() throws {
        let folder = try ConfigMapFolder(["a.yaml": "targets: []\n", "b.yaml": "rules: []\n"])
        defer { folder.remove() }
        let first = DeclarationStamp(of: [folder.path])
        #expect(DeclarationStamp(of: [folder.path]) == first)
        try folder.put(["a.yaml": "targets: []\n", "b.yaml": "rules: []\n"])
        let second = DeclarationStamp(of: [folder.path])
        #expect(second != first)
        try "# More.\n".write(toFile: "\(folder.path)/c.yaml", atomically: false, encoding: .utf8)
        let third = DeclarationStamp(of: [folder.path])
        #expect(third != second)
        try FileManager.default.removeItem(atPath: "\(folder.path)/c.yaml")
        #expect(DeclarationStamp(of: [folder.path]) == second)
        folder.remove()
        #expect(DeclarationStamp(of: [folder.path]) != second)
        #expect(DeclarationStamp(of: [folder.path]) == DeclarationStamp(of: [folder.path]))
    }

    @Test("are applied at the first look, and again when two looks saw the same change")
    func changes() throws {
        let stamps = try Self.stamps()
        let files = WatchedFiles()
        #expect(files.isDue(stamps[0], at: 0))
        files.succeeded(stamps[0])
        #expect(!files.isDue(stamps[0], at: 1))
        #expect(!files.isDue(stamps[1], at: 2))
        #expect(!files.isDue(stamps[2], at: 3))
        #expect(files.isDue(stamps[2], at: 4))
        // They changed while they were read, and were not tried.
        #expect(!files.isDue(stamps[1], at: 5))
        #expect(files.isDue(stamps[1], at: 6))
        files.succeeded(stamps[1])
        #expect(!files.isDue(stamps[1], at: 1_000))
    }

    @Test("are tried again after a pause that doubles to a minute, when what failed may pass")
    func retries() throws {
        let stamps = try Self.stamps()
        let files = WatchedFiles()
        var now: UInt64 = 0
        for pause: UInt64 in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(files.isDue(stamps[0], at: now))
            #expect(files.failed(stamps[0], mayPass: true, at: now) == .seconds(Int64(pause)))
            #expect(!files.isDue(stamps[0], at: now + pause - 1))
            now += pause
        }
        #expect(!files.isDue(stamps[1], at: now))
        #expect(files.isDue(stamps[1], at: now + 1))
        #expect(files.failed(stamps[1], mayPass: true, at: now + 1) == .seconds(1))
    }

    @Test("wait for a change when they are wrong")
    func wrong() throws {
        let stamps = try Self.stamps()
        let files = WatchedFiles()
        #expect(files.isDue(stamps[0], at: 0))
        #expect(files.failed(stamps[0], mayPass: false, at: 0) == nil)
        #expect(!files.isDue(stamps[0], at: 1_000))
        #expect(!files.isDue(stamps[1], at: 1_001))
        #expect(files.isDue(stamps[1], at: 1_002))
    }
}
