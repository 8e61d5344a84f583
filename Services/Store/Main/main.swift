import Configuration
import Contracts
import Database
import EventLoop
import JSONRPCTransport
import StoreService

let settings = configure("store") { environment throws(ConfigurationError) in
    try StoreSettings(from: environment)
}

await MeshProcess.main(.store) {
    let process = try MeshProcess(.store, settings.mesh)
    let database = try await SQLiteDatabase.open(settings.database, SQLiteSettings(durability: settings.durability))
    let store = try await Store.open(
        database,
        settings,
        clock: LoopClock(process.loop),
        log: process.log,
        metrics: process.metrics
    )
    var router = process.router()
    store.addRoutes(to: &router)
    let server = try process.server(router)
    try await process.run([server, store])
    await database.close()
}
