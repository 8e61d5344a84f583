import EventLoop
import JSONRPC

/// Applies files at the start and whenever they change.
///
/// They are looked at rather than subscribed to: that sees every kind of change on every kind of file system, and costs
/// a `stat` a second and file.
struct ApplyWatch {
    private static let interval = Duration.seconds(1)

    private let paths: [String]
    private let clock: LoopClock
    private let apply: ([DeclarationFile]) async throws -> Void
    private var schedule = ApplySchedule()
    /// What was told already is not told again at each attempt.
    private var complaint: String?

    init(_ paths: [String], clock: LoopClock, apply: @escaping ([DeclarationFile]) async throws -> Void) {
        self.paths = paths
        self.clock = clock
        self.apply = apply
    }

    /// Ends with an error when the task is cancelled.
    mutating func run() async throws {
        while true {
            try await look()
            try await clock.sleep(for: Self.interval)
        }
    }

    private mutating func look() async throws {
        let stamp = DeclarationStamp(of: paths)
        guard schedule.isDue(stamp, at: clock.now) else { return }
        let files = Result { () throws(CommandLineError) in try DeclarationFile.read(paths) }
        // Some may be old and some new: they are looked at again.
        guard DeclarationStamp(of: paths) == stamp else { return }
        do {
            try await apply(files.get())
            schedule.succeeded(stamp)
            complaint = nil
        } catch {
            try Task.checkCancellation()
            tell(error, schedule.failed(stamp, mayPass: Self.mayPass(error), at: clock.now))
        }
    }

    private mutating func tell(_ error: any Error, _ pause: Duration?) {
        let reason = (error as? RPCError)?.message ?? "\(error)"
        guard reason != complaint else { return }
        complaint = reason
        let next = pause == nil ? "nothing is done until the files change" : "this is tried again"
        Output.complain("\(reason); \(next)")
    }

    /// Not without other files.
    private static func mayPass(_ error: any Error) -> Bool {
        guard let error = error as? CommandLineError else { return true }
        return error.code != .badData && error.code != .usage
    }
}
