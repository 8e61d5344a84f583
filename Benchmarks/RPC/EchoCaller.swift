import CLinux
import EventLoop
import Foundation
import JSONRPC
import JSONRPCTransport
import Observability
import Synchronization
import TLS

/// Calls `echo.say` over some connections, some calls at a time on each, from one loop.
struct EchoCaller: Sendable {
    private let endpoint: String
    private let identity: String
    private let connections: Int
    private let inFlight: Int
    private let calls: Int
    private let payload = Payload(
        #"{"target":"edge-1.example.net","type":"icmp","count":10,"interval_ms":2500,"tags":["eu","core","bb"],"#
            + #""origin":"agent-17","note":"a note of some length to fill the body to size"}"#
    )

    init(_ arguments: [String]) throws {
        endpoint = arguments[1]
        identity = "\(arguments[2])/agent"
        guard let connections = Int(arguments[3]), let inFlight = Int(arguments[4]), let calls = Int(arguments[5])
        else {
            throw RPCError(.invalidParams, "CONNECTIONS, INFLIGHT and CALLS are numbers")
        }
        self.connections = connections
        self.inFlight = inFlight
        self.calls = calls
    }

    func run() async throws {
        let loop = try EventLoop(name: "client")
        try loop.start()
        let identity = try TLSIdentity(directory: identity)
        let peers = (0..<connections).map { _ in
            RPCConnection(
                to: .server,
                at: endpoint,
                identity: identity,
                loop: loop,
                log: Log(label: "bench-rpc"),
                metrics: Metrics()
            )
        }
        try await withTaskExecutorPreference(loop) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for peer in peers { group.addTask { try await peer.run() } }
                for peer in peers { _ = try await peer.client.call(.echo, payload) }
                let cpu = Self.processorSeconds()
                let start = ContinuousClock.now
                try await callAll(peers)
                let wall = start.duration(to: .now).inSeconds
                let used = Self.processorSeconds() - cpu
                let rate = Int(Double(calls) / wall)
                let cost = (used / Double(calls) * 1e8).rounded() / 100
                print("\(rate) calls/s \(cost) cpu_us/call")
                group.cancelAll()
            }
        }
    }

    private func callAll(_ peers: [RPCConnection]) async throws {
        let left = Countdown(calls)
        try await withThrowingDiscardingTaskGroup { group in
            for peer in peers {
                for _ in 0..<inFlight {
                    group.addTask { try await call(peer.client, while: left) }
                }
            }
        }
    }

    private func call(_ client: RPCClient, while left: Countdown) async throws {
        while left.take() { _ = try await client.call(.echo, payload) }
    }

    private static func processorSeconds() -> Double {
        Double(clinux_process_cpu_nanoseconds()) * 1e-9
    }
}

/// What is left to be done, by whoever comes first.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) {
        left = Atomic(count)
    }

    func take() -> Bool {
        left.subtract(1, ordering: .relaxed).oldValue > 0
    }
}
