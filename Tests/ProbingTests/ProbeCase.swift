import Contracts
import Egress
import EventLoop
import JSON
import Probing

/// Runs checks from vantage points of their own.
struct ProbeCase: Sendable {
    var policy = AddressPolicy.standard
    var secretsDirectory: String?
    var authorityFile: String?
    var timeoutMilliseconds = 2_000

    /// One run of a check, without looking again.
    func results(
        _ type: CheckType,
        _ address: String,
        on loop: EventLoop? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in }
    ) async throws -> [CheckResult] {
        try await runs(1, type, address, on: loop) { options in
            options.confirmations = 0
            configure(&options)
        }
    }

    /// The results of some runs of one check, one after another.
    func runs(
        _ count: Int,
        _ type: CheckType,
        _ address: String,
        on loop: EventLoop? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in }
    ) async throws -> [CheckResult] {
        var options = CheckOptions()
        configure(&options)
        let loop = try loop ?? Self.startLoop()
        return try await withTaskExecutorPreference(loop) { [self, options] in
            let point = try VantagePoint(
                on: loop,
                policy: policy,
                secrets: ProbeSecrets(directory: secretsDirectory),
                trust: TrustedAuthorities(file: authorityFile)
            )
            defer { point.close() }
            let runner = CheckRunner(
                type,
                of: address,
                timeoutMilliseconds: timeoutMilliseconds,
                options: options,
                from: point
            )
            let bound = LoopBound(point, on: loop)
            return await withTaskGroup { group in
                group.addTask { await bound.value.failures.run() }
                // The tracer is running when it has had its turn.
                await Task.yield()
                var results: [CheckResult] = []
                for _ in 0..<count { await runner.run { results.append($0) } }
                group.cancelAll()
                return results
            }
        }
    }

    func outcome(
        _ type: CheckType,
        _ address: String,
        on loop: EventLoop? = nil,
        _ configure: (inout CheckOptions) -> Void = { _ in }
    ) async throws -> ProbeOutcome {
        try await results(type, address, on: loop, configure)[0].outcome
    }

    private static func startLoop() throws -> EventLoop {
        let loop = try EventLoop(name: "probes")
        try loop.start()
        return loop
    }
}

extension ProbeOutcome {
    /// The metadata's members.
    var facts: [String: JSONValue] {
        if case .object(let members)? = try? JSONValue(json: metadata.bytes[...]) { members } else { [:] }
    }

    func text(_ key: String) -> String {
        if case .string(let text)? = facts[key] { text } else { "" }
    }
}
