import JSON
import Lifecycle
import Synchronization

/// What a server and the answers under way share.
final class KubernetesBackend: Sendable {
    struct State {
        var store = KubernetesStore()
        var token = "token-1"
        var faults: [(part: String, fault: KubernetesFault)] = []
        /// Watches that began before have an end.
        var epoch = 0
        var ending = WatchEnd.proper
        var denied: String?
    }

    enum WatchEnd {
        /// The body ends.
        case proper
        /// The stream breaks in the middle of a line.
        case withinLine
    }

    let state = Mutex(State())
    /// Counts what watches wait for.
    let changes = Latest(0)
    let log = Latest<[String]>([])

    func change<Result>(_ body: (inout KubernetesStore) throws -> Result) rethrows -> Result {
        defer { wake() }
        return try state.withLock { try body(&$0.store) }
    }

    func wake() {
        changes.update(0)
    }

    /// To be called on the server's loop alone.
    func note(_ request: String) {
        log.update(log.current.value + [request])
    }
}
