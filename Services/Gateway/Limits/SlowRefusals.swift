/// Has whoever calls more than is fair wait for being told so.
///
/// A client that asks again at once is slowed down by its own answers. Without that, refusing a flood would take the time
/// of everybody else's calls.
final class SlowRefusals: Sendable {
    /// A different one each time, since a crowd that is told together comes back together.
    private static let milliseconds = 100...300
    /// More are told at once.
    private static let maximumWaiting = 4_096

    private let clock: any Clock<Duration>
    private let waiting = Waiting()

    init(_ clock: any Clock<Duration>) {
        self.clock = clock
    }

    func wait() async {
        guard waiting.enter(limit: Self.maximumWaiting) else { return }
        defer { waiting.leave() }
        // Whoever has gone need not wait.
        try? await clock.sleep(for: .milliseconds(Int.random(in: Self.milliseconds)))
    }
}
