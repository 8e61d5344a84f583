public import Database
import EventLoop
public import JSONRPCTransport
import Observability

extension GatewaySettings {
    /// How often is looked whether the file is free.
    private static let pause = Duration.milliseconds(50)

    /// Opens the gateway's database.
    ///
    /// A SQLite file that another gateway has open is waited for, up to `takeoverTimeout`, and the process stands by: that
    /// is how a new one follows an old one without refusing anybody. Returns `nil` when it was asked to end meanwhile.
    public func takeDatabase(for process: MeshProcess) async throws -> (any Database)? {
        do {
            return try await open()
        } catch let error as DatabaseError where error.code == .busy && takeoverTimeout > .zero {
            process.log.info("stands by", ["error": "\(error)"])
        }
        let clock = LoopClock(process.loop)
        let end = clock.now.advanced(by: takeoverTimeout)
        return try await process.standBy {
            while true {
                do {
                    return try await open()
                } catch let error as DatabaseError where error.code == .busy && clock.now < end {
                    try await clock.sleep(for: Self.pause)
                }
            }
        }
    }

    private func open() async throws -> any Database {
        try await openDatabase(at: database, sqlite: sqlite, postgres: postgres)
    }
}
