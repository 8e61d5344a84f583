import Contracts
public import JSONRPC
public import Lifecycle
public import Observability

/// Keeps an authorizer up to date with the gateway, for as long as it runs.
public struct IdentityFollower: Service {
    /// A stream that gave no sign of life for so long is given up: twice as long as the gateway lets pass.
    private static let silence = Duration.seconds(30)
    private static let timeout = Duration.seconds(10)

    private let gateway: RPCClient
    private let authorizer: PersonAuthorizer
    private let clock: any Clock<Duration>
    private let log: Log

    public init(_ gateway: RPCClient, _ authorizer: PersonAuthorizer, clock: any Clock<Duration>, log: Log) {
        self.gateway = gateway
        self.authorizer = authorizer
        self.clock = clock
        self.log = log
    }

    public func run() async throws {
        var random = SystemRandomNumberGenerator()
        var backoff = Backoff(from: .milliseconds(100), to: .seconds(2))
        var isBroken = false
        while !Task.isCancelled {
            do {
                try await followOnce {
                    backoff.reset()
                    isBroken = false
                }
            } catch is CancellationError {
                return
            } catch {
                // One line for each time that it breaks, not for each try to mend it.
                if !isBroken { log.warning("the gateway's word on tokens does not come", ["error": "\(error)"]) }
                isBroken = true
            }
            try? await clock.sleep(for: backoff.next(using: &random))
        }
    }

    private func followOnce(_ begun: () -> Void) async throws {
        let subscription = try await gateway.follow(.followIdentity, Empty(), timeout: Self.timeout)
        authorizer.hear(subscription.result)
        begun()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while let identity = try await subscription.next() { authorizer.hear(identity) }
            }
            group.addTask { try await watch() }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Throws when nothing has been heard for too long: the other end may be gone without a word.
    private func watch() async throws {
        while true {
            try await clock.sleep(for: Self.silence / 2)
            guard let silence = authorizer.silence, silence < Self.silence else {
                throw RPCError(.unavailable, "no sign of life")
            }
        }
    }
}
