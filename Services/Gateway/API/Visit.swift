import Contracts
import JSONRPC
import Observability
import Synchronization

/// One request from outside on its way through the gateway: who turned out to make it, and the places it takes up.
///
/// Places are given back when the last reference goes, which for a stream is when its body has ended.
final class Visit: Sendable {
    private struct State {
        var person: Person?
        var email: String?
        var allowance: Allowance?
        var carriesSecret = false
        var apiToken: BearerToken?
        var isRefused = false
        var places: [Place] = []
        var tenants: Set<TenantID> = []
    }

    @TaskLocal static var current: Visit?

    private let state = Mutex(State())

    /// Who calls, once the token was verified, even where it was not enough.
    var person: Person? {
        get { state.withLock { $0.person } }
        set { state.withLock { $0.person = newValue } }
    }

    /// As whom somebody tries to sign in.
    var email: String? {
        get { state.withLock { $0.email } }
        set { state.withLock { $0.email = newValue } }
    }

    /// What is left of the tightest limit that applies.
    var allowance: Allowance? { state.withLock { $0.allowance } }

    /// Whether the answer holds a token or the like, which must not be compressed (BREACH).
    var carriesSecret: Bool { state.withLock { $0.carriesSecret } }

    /// The API token that it came with.
    var apiToken: BearerToken? { state.withLock { $0.apiToken } }

    /// Whether it came with an API token.
    var isProgram: Bool { apiToken != nil }

    /// Whether something of it was more than is fair.
    var isRefused: Bool { state.withLock { $0.isRefused } }

    func noteRefusal() {
        state.withLock { $0.isRefused = true }
    }

    func noteProgram(_ token: BearerToken) {
        state.withLock { $0.apiToken = token }
    }

    func note(_ allowance: Allowance) {
        state.withLock { state in
            guard let old = state.allowance, old.share < allowance.share else { return state.allowance = allowance }
        }
    }

    func noteSecret() {
        state.withLock { $0.carriesSecret = true }
    }

    func hold(_ place: Place) {
        state.withLock { $0.places.append(place) }
    }

    /// Whether this is the first time that the visit asks for a place in the tenant.
    func enters(_ tenant: TenantID) -> Bool {
        state.withLock { $0.tenants.insert(tenant).inserted }
    }

    func leave() {
        state.withLock { $0.places = [] }
    }
}

/// A place among those that may be taken at once; given back when it goes.
final class Place: Sendable {
    private let giveBack: @Sendable () -> Void

    init(_ giveBack: @escaping @Sendable () -> Void) {
        self.giveBack = giveBack
    }

    deinit { giveBack() }
}

extension RPCDescriptor {
    private static let secrets: Set = ["access_token", "refresh_token", "token", "secret", "password"]

    /// Whether its result holds what nobody else may know.
    var answersWithSecret: Bool {
        result.properties.contains { Self.secrets.contains($0.name) }
    }

    /// Whether it changes nothing.
    ///
    /// What a contract gives no GET route is told by its name.
    var isRead: Bool {
        rest?.verb == .get || isStream || name.hasSuffix(".list") || name.hasSuffix(".get")
    }
}
