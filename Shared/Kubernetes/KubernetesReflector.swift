import EventLoop
public import Lifecycle
public import Observability

/// Keeps a copy of all objects of a kind: lists them, watches what changes from then on, and begins again when it has to.
///
/// A watch that ends is taken up where it was; a version that the server no longer knows makes a new list. What cannot be
/// reached is tried again, with pauses that grow and differ. While it is away, the copy stays as it was.
public final class KubernetesReflector<Object: KubernetesObject>: Service {
    private let client: KubernetesClient
    private let namespace: String?
    private let settings: KubernetesReflectorSettings
    private let clock: any Clock<Duration>
    private let log: Log
    private let state = Latest(KubernetesCopy<Object>())

    /// `namespace`: the only one that is looked at; all when left out.
    public init(
        _ type: Object.Type,
        of client: KubernetesClient,
        namespace: String? = nil,
        settings: KubernetesReflectorSettings = KubernetesReflectorSettings(),
        clock: (any Clock<Duration>)? = nil,
        log: Log
    ) {
        self.client = client
        self.namespace = namespace
        self.settings = settings
        self.clock = clock ?? LoopClock(client.loop)
        self.log = log
    }

    /// What is known now.
    public var current: KubernetesCopy<Object> { state.current.value }

    /// What is known, again and again as it changes; whoever is slow sees several changes as one.
    ///
    /// It has no end of its own: waiting ends with the task that waits.
    public var updates: KubernetesUpdates<Object> { KubernetesUpdates(state) }

    /// Returns when more is known than `copy` holds.
    ///
    /// Throws `CancellationError` and nothing else.
    public func change(from copy: KubernetesCopy<Object>) async throws {
        var updates = KubernetesUpdates(state, from: copy).makeAsyncIterator()
        _ = try await updates.next()
    }

    /// Keeps the copy until it is cancelled.
    public func run() async throws {
        await withTaskExecutorPreference(client.loop) {
            var random = SystemRandomNumberGenerator()
            var pacing = ReflectorPacing(settings)
            while !Task.isCancelled {
                let outcome = await follow(&pacing)
                guard !Task.isCancelled else { return }
                let before = pacing.failures
                let pause = pacing.pause(after: outcome, using: &random)
                report(outcome, before: before)
                if pause > .zero { try? await clock.sleep(for: pause) }
            }
        }
    }

    /// Takes a list where one is needed, and then what changes.
    private func follow(_ pacing: inout ReflectorPacing) async -> ReflectorOutcome {
        let start = ContinuousClock.now
        var version = state.current.version
        do {
            if pacing.needsList {
                var copy = state.current.value
                copy.take(try await client.list(Object.self, namespace: namespace))
                publish(copy)
                pacing.listed()
                // A list alone is no success: a server that answers it and then refuses the watch is not to be asked
                // for one after another.
                version = state.current.version
            }
            try await watch()
            let lasted = start.duration(to: .now) >= settings.shortWatch
            return .ended(wasOfUse: lasted || state.current.version > version)
        } catch let error as KubernetesError {
            return .failed(error, wasOfUse: state.current.version > version)
        } catch {
            return .failed(KubernetesError(.unavailable, "\(error)"), wasOfUse: state.current.version > version)
        }
    }

    /// Watches for about as long as the settings say, and not much longer whatever the server does.
    private func watch() async throws {
        let seconds = Int(settings.watchTimeout.inSeconds * Double.random(in: 1...1.5))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [clock, settings] in
                try await clock.sleep(for: .seconds(seconds) + settings.watchGrace)
                throw KubernetesError(.unavailable, "a watch goes on for longer than it was asked to")
            }
            group.addTask {
                try await self.client.watch(
                    Object.self,
                    namespace: self.namespace,
                    from: self.current.resourceVersion,
                    timeoutSeconds: seconds,
                    self.take
                )
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func take(_ events: [KubernetesEvent<Object>]) {
        var copy = current
        for event in events { copy.take(event) }
        publish(copy)
    }

    private func publish(_ copy: KubernetesCopy<Object>) {
        let known = current.unreadable
        for (key, reason) in copy.unreadable where known[key] != reason {
            log.warning(
                "an object of the cluster cannot be read and is left out",
                ["kind": Object.resource.kind, "object": "\(key)", "error": reason]
            )
        }
        state.update(copy)
    }

    /// A failure is worth a line once, and so is its end.
    private func report(_ outcome: ReflectorOutcome, before failures: Int) {
        switch outcome {
        case .failed(let error, let wasOfUse) where failures == 0 || wasOfUse:
            // What a watch is for: versions grow old, and connections end.
            guard error.code != .expired, !wasOfUse else { return }
            log.warning("the cluster cannot be watched", ["kind": Object.resource.kind, "error": "\(error)"])
        case .ended(wasOfUse: true) where failures > 0:
            log.info("the cluster is watched again", ["kind": Object.resource.kind])
        case .ended, .failed: break
        }
    }
}
