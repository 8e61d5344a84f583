import Contracts
import EventLoop
import Foundation
import Probing

/// Traces a path some times, in a process of its own.
struct OwnTraces: Sendable {
    private let options: TraceOptions
    private let target: IPAddress
    private let count: Int

    /// `words`: mode, address, how many times, and the gap between packets in milliseconds.
    init(_ words: [String]) throws {
        guard let mode = TraceMode(rawValue: words[0]), let target = IPAddress(words[1]), let count = Int(words[2]),
            let gap = Int(words[3])
        else { throw CocoaError(.formatting) }
        var options = TraceOptions(mode)
        options.gap = .milliseconds(gap)
        (self.options, self.target, self.count) = (options, target, count)
    }

    /// Fails unless every trace reaches the target.
    func run() async throws {
        let loop = try EventLoop(name: "traces")
        try loop.start()
        try await withTaskExecutorPreference(loop) {
            let engine = PathEngine(on: loop)
            defer { engine.close() }
            for _ in 0..<count {
                let trace = try await engine.follow(target, options).trace
                guard trace.isReached, trace.hopsToTarget == PathBenchmark.hops else { exit(1) }
            }
        }
    }
}
