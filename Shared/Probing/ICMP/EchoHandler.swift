/// Called by the engine, on its loop, when an echo is over.
public protocol EchoHandler: AnyObject {
    /// `tag` is the number that was given with the request.
    func echoFinished(tag: Int, _ result: EchoResult)
}

/// What an engine has counted since it was made.
public struct EchoStatistics: Equatable, Sendable {
    public var sent = 0
    public var replies = 0
    /// Replies to requests that had been given up.
    public var late = 0
    public var duplicates = 0
    /// Replies and errors that match no request.
    public var strangers = 0
    /// Replies without a kernel time at both ends.
    public var inexact = 0

    static func + (left: Self, right: Self) -> Self {
        Self(
            sent: left.sent + right.sent,
            replies: left.replies + right.replies,
            late: left.late + right.late,
            duplicates: left.duplicates + right.duplicates,
            strangers: left.strangers + right.strangers,
            inexact: left.inexact + right.inexact
        )
    }
}
