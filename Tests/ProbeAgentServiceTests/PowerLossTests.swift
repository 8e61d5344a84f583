import Contracts
import Foundation
import Observability
import ServiceTesting
import Synchronization
import Testing

@testable import ProbeAgentService

@Suite("A loss of power")
struct PowerLossTests {
    private enum Event: Sendable {
        case changed(DiskChange)
        /// These rows are said to be kept.
        case kept(Range<Int>)
        /// These rows are the store's from here on.
        case settled(Range<Int>)
    }

    /// What has happened up to some moment.
    private struct History {
        var disk: LossyDisk
        private var kept: Set<Int> = []
        private var settled: Set<Int> = []

        init(_ folder: String) { disk = LossyDisk(folder) }

        /// Rows that must be there.
        var owed: Set<Int> { kept.subtracting(settled) }

        mutating func take(_ event: Event) {
            switch event {
            case .kept(let rows): kept.formUnion(rows)
            case .settled(let rows): settled.formUnion(rows)
            case .changed(let change): disk.apply(change)
            }
        }
    }

    private final class Recorder: Sendable {
        private let list = Mutex<[Event]>([])

        func note(_ event: Event) { list.withLock { $0.append(event) } }
        var events: [Event] { list.withLock { $0 } }
    }

    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// Writes and acknowledges rows at random through several processes' lives, and returns all that happened.
    private func life(_ random: inout SplitMix64, isDurable: Bool) async throws -> [Event] {
        let path = "\(directory.path)/life"
        let recorder = Recorder()
        var next = 0
        for _ in 0..<3 {
            let folder = try await reopening {
                try AgentFolder(path, isDurable: isDurable) { recorder.note(.changed($0)) }
            }
            let log = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: 128 << 10)) { Rows.time(0) }
            for _ in 0..<60 {
                if Bool.random(using: &random), log.acknowledged.count(in: 0..<next) < next {
                    let first = log.acknowledged.missing(in: 0..<next)[0].lowerBound
                    let rows = first..<Int.random(in: first + 1...next, using: &random)
                    recorder.note(.settled(rows))
                    try log.acknowledge(rows)
                } else {
                    let rows = next..<next + Int.random(in: 1...40, using: &random)
                    guard try log.append([Rows.batch(rows)]) else { continue }
                    recorder.note(.kept(rows))
                    next = rows.upperBound
                }
            }
        }
        return recorder.events
    }

    /// A folder with the files that a loss of power has left of those below `path`.
    private func left(_ files: [String: [UInt8]], of path: String) async throws -> AgentFolder {
        let left = "\(directory.path)/left"
        try? FileManager.default.removeItem(atPath: left)
        try FileManager.default.createDirectory(atPath: left, withIntermediateDirectories: false)
        for (name, bytes) in files {
            try Data(bytes).write(to: URL(fileURLWithPath: left + name.dropFirst(path.count)))
        }
        return try await reopening { try AgentFolder(left, isDurable: false) }
    }

    /// What a new process finds.
    private func found(_ files: [String: [UInt8]], life path: String) async throws -> [Int] {
        let folder = try await left(files, of: path)
        let log = try SegmentedLog(in: folder, SegmentedLog.Limits(bytes: 128 << 10)) { Rows.time(0) }
        var (numbers, position) = ([Int](), 0)
        while position < log.head {
            let reading = try log.read(position..<log.head, by: .backlog, maximumRows: 1_000)
            numbers += Rows.numbers(reading.batch)
            try #require(reading.rows.upperBound > position)
            position = reading.rows.upperBound
        }
        return numbers
    }

    @Test(
        "at any moment, or of the process alone, costs no row that was said to be kept and was not settled",
        arguments: 0..<4,
        [false, true]
    )
    func keeps(seed: UInt64, isDurable: Bool) async throws {
        var random = SplitMix64(seed: seed)
        let path = "\(directory.path)/life"
        var history = History(path)
        for event in try await life(&random, isDurable: isDurable) {
            history.take(event)
            // What a process has written outlives it, synchronised or not.
            for chance in isDurable ? [0, 0.5, 1] : [1] {
                let numbers = try await found(history.disk.files(lasting: chance, &random), life: path)
                #expect(history.owed.isSubset(of: numbers), "after \(event), of the rest lasts \(chance)")
                #expect(Set(numbers).count == numbers.count, "after \(event)")
            }
        }
    }

    @Test("takes rows from one who does not wait for the disk: the test can tell")
    func forgets() async throws {
        var random = SplitMix64(seed: 1)
        let path = "\(directory.path)/life"
        var history = History(path)
        for event in try await life(&random, isDurable: false) { history.take(event) }
        let numbers = try await found(history.disk.files(lasting: 0, &random), life: path)
        #expect(!history.owed.isSubset(of: numbers))
    }

    @Test("at any moment leaves a sealed file whole, as it was or as it is to be")
    func sealed() async throws {
        let file = SealedFile<[Int]>(name: "list", title: "list-1")
        let path = "\(directory.path)/life"
        let recorder = Recorder()
        do {
            let folder = try AgentFolder(path, isDurable: true) { recorder.note(.changed($0)) }
            for count in 1...10 {
                try file.write(Array(0..<count), in: folder)
                recorder.note(.kept(0..<count))
            }
        }
        var random = SplitMix64(seed: 7)
        var disk = LossyDisk(path)
        var kept = 0
        for event in recorder.events {
            if case .kept(let rows) = event { kept = rows.count }
            if case .changed(let change) = event { disk.apply(change) }
            for chance in [0, 0.3, 0.6, 1] {
                let count: Int? =
                    switch try file.read(in: try await left(disk.files(lasting: chance, &random), of: path)) {
                    case .value(let list): list.count
                    case .nothing: 0
                    case .damaged: nil
                    }
                #expect(count == kept || count == kept + 1, "after \(event)")
            }
        }
    }
}
