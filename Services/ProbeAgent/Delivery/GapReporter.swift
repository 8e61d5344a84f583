import Contracts
import JSONRPC
import Observability

/// Tells the store what is gone, until it knows.
struct GapReporter: Sendable {
    let spool: Spool
    let store: RPCClient
    let clock: any Clock<Duration>
    let log: Log

    /// Runs until it is cancelled.
    func run(as agent: AgentID) async throws {
        var retry = StoreRetry(clock: clock)
        while true {
            let gap = try await spool.nextGap()
            do {
                _ = try await store.call(.reportGap, gap.gap(of: agent))
                await spool.settle(gap)
                retry = StoreRetry(clock: clock)
            } catch let error as RPCError where error.code == .invalidParams {
                log.error("the store refused a gap", ["error": error.message, "rows": "\(gap.rows)"])
                await spool.settle(gap)
            } catch {
                if retry.isFirst { log.warning("the store did not take a gap", ["error": "\(error)"]) }
                try await retry.wait(after: error)
            }
        }
    }
}
