import Contracts
import Lifecycle
import Synchronization

/// What was committed and is not in chunks yet: in the log on disk, and here in memory, where queries find it.
///
/// A query takes the segments first and the database's snapshot then. What becomes chunks in between is in both, and
/// told apart by the cursor up to which the snapshot has a series in chunks.
final class Head: Sendable {
    private struct State {
        /// Oldest first; commits go to the last.
        var segments = [HeadSegment()]
    }

    private let state = Mutex(State())
    /// Gets a new version with each commit.
    let commits = Latest(())

    var segments: [HeadSegment] { state.withLock(\.segments) }
    var rowCount: Int { segments.reduce(0) { $0 + $1.rowCount } }
    var byteCount: Int { segments.reduce(0) { $0 + $1.byteCount } }

    func append(_ commit: CommittedRows) {
        state.withLock { $0.segments[$0.segments.count - 1].append(commit) }
        commits.update(())
    }

    /// The oldest segment, to which nothing is added from now on; `nil` when there are no rows.
    func seal() -> HeadSegment? {
        state.withLock { state in
            guard state.segments[0].rowCount > 0 else { return nil }
            if state.segments.count == 1 { state.segments.append(HeadSegment()) }
            return state.segments[0]
        }
    }

    /// Lets the oldest segment go.
    func drop(_ segment: HeadSegment) {
        state.withLock { state in
            precondition(state.segments[0] === segment && state.segments.count > 1, "only what was sealed is let go")
            state.segments.removeFirst()
        }
    }
}
