import Contracts
import JSONRPC
import Lifecycle

/// Streams go on for longer than the access token that they are begun with, so their end is looked after here.
extension IdentityFeed {
    /// The same stream, which ends as `unauthenticated` when the sign-in or API token of its caller does, or when
    /// something about that person changes that their tokens must not outlive.
    func ending(_ stream: RPCStreamBody, with person: Person) -> RPCStreamBody {
        let begun = state.current
        let version = begun.value.minimumVersions[person.id.rawValue]
        return RPCStreamBody { [state] sink in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await stream.run(sink) }
                group.addTask {
                    var seen = begun.version
                    while let next = try await state.next(after: seen) {
                        seen = next.version
                        let hasEnded = person.login.map(next.value.endedLogins.contains) ?? false
                        let minimum = next.value.minimumVersions[person.id.rawValue]
                        // Gone is not changed: the last token of the version before has run out.
                        guard !hasEnded, minimum == nil || minimum == version else {
                            throw RPCError(.unauthenticated, "the sign-in has ended")
                        }
                    }
                    // The gateway stops, and lets what is under way come to its end.
                    await untilCancelled()
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }
}
