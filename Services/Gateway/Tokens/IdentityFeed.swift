import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Lifecycle
import Observability
import Synchronization
import Tokens

/// What the other services are told about tokens: read from the database every few seconds, since another gateway may
/// have changed it, and at once after a change that was made here.
final class IdentityFeed: Service {
    /// Also how often those who follow hear something.
    private static let interval = Duration.seconds(5)

    let keys: SigningKeys
    private let database: any Database
    private let authorizer: PersonAuthorizer
    private let clock: any Clock<Duration>
    private let now: @Sendable () -> Timestamp
    private let log: Log
    private let revocations = Mutex(Revocations())
    let state: Latest<IdentityState>

    /// `authorizer` is the gateway's own, which hears of everything first.
    static func open(
        _ database: any Database,
        keys: SigningKeys,
        authorizer: PersonAuthorizer,
        clock: any Clock<Duration>,
        now: @escaping @Sendable () -> Timestamp,
        log: Log
    ) async throws -> IdentityFeed {
        let feed = IdentityFeed(database, keys, authorizer, clock, now, log, IdentityState(keys: try keys.published()))
        try await feed.refresh()
        return feed
    }

    private init(
        _ database: any Database,
        _ keys: SigningKeys,
        _ authorizer: PersonAuthorizer,
        _ clock: any Clock<Duration>,
        _ now: @escaping @Sendable () -> Timestamp,
        _ log: Log,
        _ state: IdentityState
    ) {
        self.database = database
        self.keys = keys
        self.authorizer = authorizer
        self.clock = clock
        self.now = now
        self.log = log
        self.state = Latest(state)
    }

    var current: IdentityState { state.current.value }

    /// Reads the database and tells everyone; when it returns, nothing here takes a token that has ended.
    func refresh() async throws {
        let now = now()
        try await keys.refresh(now: now)
        let read = try await database.read(as: .every) { try $0.revocations(now: now) }
        let published = try keys.published()
        revocations.withLock { revocations in
            revocations.merge(read, now: now)
            let fresh = IdentityState(
                keys: published,
                endedLogins: Set(revocations.logins.keys),
                minimumVersions: revocations.versions.mapValues(\.version)
            )
            // Under the lock, so that of two states the later one is told last.
            authorizer.hear(fresh)
            state.update(fresh)
        }
    }

    /// Tells a service the state, and again whenever it was read.
    func follow() -> RPCStream<IdentityState, IdentityState> {
        let (version, value) = state.current
        return RPCStream(value) { [state] writer in
            var seen = version
            while let next = try await state.next(after: seen) {
                seen = next.version
                try await writer.send(next.value)
            }
        }
    }

    func run() async throws {
        var isBroken = false
        while !Task.isCancelled {
            try? await clock.sleep(for: Self.interval)
            do {
                try await refresh()
                isBroken = false
            } catch is CancellationError {
                break
            } catch {
                // Services that hear nothing for too long take no tokens, so this must be seen.
                if !isBroken { log.error("what has ended cannot be read", ["error": "\(error)"]) }
                isBroken = true
            }
        }
        state.finish()
    }

    /// Ends the streams of those who follow, which would not end by themselves.
    func drain() async {
        state.finish()
    }
}
