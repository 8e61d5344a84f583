import Contracts
import EventLoop
import Foundation
import JSONRPC
import Lifecycle

/// Runs the services of one machine as processes: starts them in order, starts again what ends by itself, renews
/// their certificates, and stops them in the opposite order.
struct Supervisor: Sendable {
    private static let certificateLifetime = Duration.seconds(86_400)
    private static let readyTimeout = Duration.seconds(30)
    /// How often all is started with other ports when somebody else takes one before its service does.
    private static let portTries = 3

    private let plan: UpPlan
    private let pki: LocalPKI
    private let loop: EventLoop
    private let clock: LoopClock

    private struct Stop: Error {}

    private struct PortTaken: Error {
        var refusal: String
    }

    init(_ plan: UpPlan, _ pki: LocalPKI, on loop: EventLoop) {
        self.plan = plan
        self.pki = pki
        self.loop = loop
        clock = LoopClock(loop)
    }

    /// Returns when a signal came and everything is stopped; `whenReady` is called when all services are up.
    func run(until signals: SignalWaiter, whenReady: @escaping @Sendable () throws -> Void) async throws {
        for peer in UpPlan.order { try prepare(peer) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [loop] in
                _ = try await signals.wait(on: loop)
                throw Stop()
            }
            group.addTask { try await renewCertificates() }
            group.addTask { try await keepUp(whenReady) }
            do {
                while try await group.next() != nil {}
            } catch is Stop {
                Output.line("stopping")
                group.cancelAll()
            }
        }
    }

    private func prepare(_ peer: RPCPeer) throws {
        try FileManager.default.createDirectory(
            at: plan.data.appending(path: peer.rawValue),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        _ = try pki.issue(peer.rawValue, lifetime: Self.certificateLifetime)
    }

    /// New certificates at half of the old ones' life.
    private func renewCertificates() async throws {
        while true {
            try await clock.sleep(for: Self.certificateLifetime / 2)
            for peer in UpPlan.order { _ = try pki.issue(peer.rawValue, lifetime: Self.certificateLifetime) }
        }
    }

    private func keepUp(_ whenReady: @Sendable () throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await keepUp(try plan.services(), whenReady)
            } catch let error as PortTaken {
                guard attempt < Self.portTries else { throw CommandLineError(.cannotCreate, error.refusal) }
                Output.line("  a port was taken by another program; starting again with others")
            }
        }
    }

    /// Starts one service after the other, and stops them in the opposite order when cancelled or when one cannot start.
    private func keepUp(_ services: [ServicePlan], _ whenReady: @Sendable () throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var keepers: [Keeper] = []
            var failure: (any Error)?
            do {
                for service in services {
                    let keeper = Keeper(service, logFile: plan.logFile(of: service), programs: plan.programs, on: loop)
                    keepers.append(keeper)
                    group.addTask { await keeper.run() }
                    try await waitUntilReady(keeper)
                    Output.line("  \(service.peer.rawValue) is up")
                }
                try whenReady()
                await untilCancelled()
            } catch {
                failure = error
            }
            for keeper in keepers.reversed() { await keeper.stop() }
            if let failure { throw failure }
        }
    }

    private func waitUntilReady(_ keeper: Keeper) async throws {
        let check = HealthCheck(on: loop)
        let deadline = clock.now.advanced(by: Self.readyTimeout)
        while !(await check.isReady(keeper.service.adminAddress)) {
            if let refusal = await keeper.refusal {
                guard !refusal.hasSuffix("Address already in use") else { throw PortTaken(refusal: refusal) }
                throw CommandLineError(.cannotCreate, refusal)
            }
            guard clock.now < deadline else {
                let name = keeper.service.peer.rawValue
                throw CommandLineError(.failed, "\(name) is not ready after 30 seconds; see \(keeper.logFile.path())")
            }
            try await clock.sleep(for: .milliseconds(20))
        }
        await keeper.noteReady()
    }
}
