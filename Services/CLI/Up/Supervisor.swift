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

    private let plan: UpPlan
    private let pki: LocalPKI
    private let loop: EventLoop
    private let clock: LoopClock

    private struct Stop: Error {}

    init(_ plan: UpPlan, _ pki: LocalPKI, on loop: EventLoop) {
        self.plan = plan
        self.pki = pki
        self.loop = loop
        clock = LoopClock(loop)
    }

    /// Returns when a signal came and everything is stopped; `whenReady` is called when all services are up.
    func run(until signals: SignalWaiter, whenReady: @escaping @Sendable () throws -> Void) async throws {
        let services = try plan.services()
        for service in services { try prepare(service) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [loop] in
                _ = try await signals.wait(on: loop)
                throw Stop()
            }
            group.addTask { try await renewCertificates(of: services) }
            group.addTask { try await keepUp(services, whenReady) }
            do {
                while try await group.next() != nil {}
            } catch is Stop {
                Output.line("stopping")
                group.cancelAll()
            }
        }
    }

    private func prepare(_ service: ServicePlan) throws {
        try FileManager.default.createDirectory(
            at: plan.data.appending(path: service.peer.rawValue),
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        _ = try pki.issue(service.peer.rawValue, lifetime: Self.certificateLifetime)
    }

    /// New certificates at half of the old ones' life.
    private func renewCertificates(of services: [ServicePlan]) async throws {
        while true {
            try await clock.sleep(for: Self.certificateLifetime / 2)
            for service in services { _ = try pki.issue(service.peer.rawValue, lifetime: Self.certificateLifetime) }
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
            if let refusal = await keeper.refusal { throw CommandLineError(.cannotCreate, refusal) }
            guard clock.now < deadline else {
                let name = keeper.service.peer.rawValue
                throw CommandLineError(.failed, "\(name) is not ready after 30 seconds; see \(keeper.logFile.path())")
            }
            try await clock.sleep(for: .milliseconds(20))
        }
    }
}
