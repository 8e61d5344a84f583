import Contracts
import EventLoop
import Foundation
import ServiceTesting
import Testing

@testable import CLIService

extension KillTests {
    /// A port that answers or refuses.
    private final class Door {
        private let port: UInt16
        private var listener: FileDescriptor?

        init(port: UInt16) throws {
            self.port = port
            try open()
        }

        func open() throws {
            listener = try TCPSocket.listen(on: SocketAddress(.loopback, port: port))
        }

        func close() {
            listener = nil
        }
    }

    @Test("tells a receiver of every incident once, however often alerting and the store are killed")
    func incidentsOverKills() async throws {
        let rounds = 4
        let installation = try await Installation()
        defer { installation.remove() }
        let client = try await installation.signIn()
        let receiver = try WebhookServer { $0 % 3 == 0 ? 503 : 200 }
        let webhook = NewReceiver(name: "hook", kind: .webhook, url: receiver.url())
        _ = try await client.call(.createReceiver, webhook)
        let port = try UpPlan.freePorts(1)[0]
        let door = try Door(port: port)
        let check = NewTargetCheck(type: .tcp, intervalMilliseconds: 200, timeoutMilliseconds: 150)
        let target = try await client.call(
            .createTarget,
            NewTarget(address: "127.0.0.1:\(port)", name: "door", checks: [check])
        )
        try await eventually("the target is seen") {
            try await client.call(.listMeasurements, MeasurementFilter(targetID: target.id)).measurements.count > 3
        }
        for round in 1...rounds {
            door.close()
            try await Self.restart(round % 2 == 0 ? ["alerting"] : ["alerting", "store"], in: installation)
            try await eventually("incident \(round) is told") {
                Self.keys(for: .firing, of: target, at: receiver).count == round
            }
            try door.open()
            try await Self.restart(round % 2 == 0 ? ["store", "alerting"] : ["alerting"], in: installation)
            try await eventually("its end is told") {
                Self.keys(for: .resolved, of: target, at: receiver).count == round
            }
        }
        let page = try await client.call(.listIncidents, IncidentFilter(targetID: target.id))
        #expect(page.incidents.count == rounds)
        #expect(page.incidents.allSatisfy { $0.state == .resolved })
        #expect(Self.keys(for: .firing, of: target, at: receiver).count == rounds)
        #expect(Self.keys(for: .resolved, of: target, at: receiver).count == rounds)
        #expect(try await installation.stop() == 0)
    }

    /// The different notices that a receiver was sent about a target.
    private static func keys(
        for transition: Incident.State,
        of target: Target,
        at receiver: WebhookServer
    ) -> Set<String?> {
        let posts = receiver.posts.filter { post in
            post.notice.transition == transition && post.notice.incident.targetID == target.id
        }
        return Set(posts.map(\.key))
    }

    /// Kills services, and returns when they have new processes.
    private static func restart(_ services: [String], in installation: Installation) async throws {
        for service in services {
            let old = try #require(installation.process(of: service), "\(service) runs")
            kill(old, SIGKILL)
            try await eventually("\(service) is back") {
                installation.process(of: service).map { $0 != old } ?? false
            }
        }
    }
}
