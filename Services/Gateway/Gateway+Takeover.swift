public import Database
import EventLoop
public import JSONRPCTransport
import Observability

extension Gateway {
    /// How often is looked whether the file is free.
    private static let takeoverPause = Duration.milliseconds(50)

    /// Opens the gateway's database.
    ///
    /// A SQLite file that another gateway has open is waited for, up to `takeoverTimeout`, and the process stands by: that
    /// is how a new one follows an old one without refusing anybody. Returns `nil` when it was asked to end meanwhile.
    public static func takeDatabase(
        _ settings: GatewaySettings,
        for process: MeshProcess
    ) async throws -> (any Database)? {
        do {
            return try await open(settings)
        } catch let error as DatabaseError where settings.mayTakeOver(after: error) {
            process.log.info("stands by", ["error": "\(error)"])
        }
        let clock = LoopClock(process.loop)
        let end = clock.now.advanced(by: settings.takeoverTimeout)
        return try await process.standBy {
            while true {
                do {
                    return try await open(settings)
                } catch let error as DatabaseError where settings.mayTakeOver(after: error) && clock.now < end {
                    try await clock.sleep(for: takeoverPause)
                }
            }
        } undo: { database in
            await database.close()
        }
    }

    private static func open(_ settings: GatewaySettings) async throws -> any Database {
        try await openDatabase(at: settings.database, sqlite: settings.sqlite, postgres: settings.postgres)
    }
}

extension GatewaySettings {
    /// Only a file has one owner; a server that is busy is not about to be handed over.
    fileprivate func mayTakeOver(after error: DatabaseError) -> Bool {
        guard case .sqlite = database else { return false }
        return error.code == .busy && takeoverTimeout > .zero
    }
}
