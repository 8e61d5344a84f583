import Contracts
import Kubernetes
import Lifecycle
import Observability

/// Keeps a target for each Service and each Ingress of a cluster that asks for one.
struct DiscoveryKeeper: Sendable {
    /// However often something changes, targets are changed twice a second at most.
    private static let shortestPause = Duration.milliseconds(500)
    /// How long to wait after a failure.
    private static let pauseAfterFailure = Duration.seconds(5)

    let inventory: Inventory
    let settings: DiscoverySettings
    let services: KubernetesReflector<KubernetesService>
    let ingresses: KubernetesReflector<KubernetesIngress>
    let clock: any Clock<Duration>
    let now: @Sendable () -> Timestamp
    let log: Log

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            group.addTask { try await ingresses.run() }
            group.addTask { try await keep() }
            try await group.waitForAll()
        }
    }

    private func keep() async throws {
        var told: [String: String] = [:]
        while true {
            let (services, ingresses) = (services.current, ingresses.current)
            // Before both were listed, nobody knows what is gone.
            if services.isSynced, ingresses.isSynced {
                let found = DiscoveredTargets(services, ingresses, settings)
                report(found.refused, &told)
                do {
                    if try await inventory.keep(found.targets, of: .kubernetes, at: now()) {
                        log.info("discovered targets have changed", ["targets": "\(found.targets.count)"])
                    }
                } catch let error where !(error is CancellationError) {
                    log.warning("discovered targets are not as they are to be", ["error": "\(error)"])
                    try await clock.sleep(for: Self.pauseAfterFailure)
                    continue
                }
            }
            try await clock.sleep(for: Self.shortestPause)
            try await wait(services, ingresses)
        }
    }

    private func wait(
        _ services: KubernetesCopy<KubernetesService>,
        _ ingresses: KubernetesCopy<KubernetesIngress>
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.services.change(from: services) }
            group.addTask { try await self.ingresses.change(from: ingresses) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Each reason is told once, and again when it was another one in between.
    private func report(_ refused: [String: String], _ told: inout [String: String]) {
        for (object, reason) in refused.sorted(by: { $0.key < $1.key }) where told[object] != reason {
            log.warning("an object of the cluster does not become a target", ["object": object, "reason": reason])
        }
        told = refused
    }
}

/// What the objects of a cluster ask for; pure.
struct DiscoveredTargets {
    private(set) var targets: [WantedTarget] = []
    /// Why others become none, by kind and key.
    private(set) var refused: [String: String] = [:]

    init(
        _ services: KubernetesCopy<KubernetesService>,
        _ ingresses: KubernetesCopy<KubernetesIngress>,
        _ settings: DiscoverySettings
    ) {
        for (key, service) in services.objects.sorted(by: { $0.key < $1.key }) {
            add("Service \(key)", settings) { () throws(RefusedObject) in try .of(service, settings) }
        }
        for (key, ingress) in ingresses.objects.sorted(by: { $0.key < $1.key }) {
            add("Ingress \(key)", settings) { () throws(RefusedObject) in try .of(ingress, settings) }
        }
    }

    private mutating func add(
        _ object: String,
        _ settings: DiscoverySettings,
        _ target: () throws(RefusedObject) -> WantedTarget?
    ) {
        do throws(RefusedObject) {
            guard let target = try target() else { return }
            guard targets.count < settings.maximumTargets else {
                throw RefusedObject("there are \(settings.maximumTargets) discovered targets, which is the limit")
            }
            targets.append(target)
        } catch {
            refused[object] = error.description
        }
    }
}
