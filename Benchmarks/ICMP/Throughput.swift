import CLinux
import EventLoop
import Probing
import Synchronization

/// Keeps one echo to every address in flight until a number of them is done.
final class Throughput: EchoHandler {
    private let engine: ICMPEngine
    private let addresses: [IPAddress]
    private let total: Int
    private let done: (_ replies: Int) -> Void
    private var sent = 0
    private var finished = 0
    private var replies = 0

    private init(_ engine: ICMPEngine, _ addresses: [IPAddress], total: Int, done: @escaping (Int) -> Void) {
        self.engine = engine
        self.addresses = addresses
        self.total = total
        self.done = done
    }

    /// Replies a second that came with kernel times at both ends.
    static func measure(_ addresses: [IPAddress], _ kind: ICMPEngine.SocketKind, echoes: Int) -> Double? {
        let exact = Mutex(0)
        let start = clinux_monotonic_nanoseconds()
        runEngine(kind) { engine, done in
            let run = Throughput(engine, addresses, total: echoes) { replies in
                exact.withLock { $0 = replies }
                done()
            }
            for index in addresses.indices { run.send(to: index) }
        }
        let seconds = Double(clinux_monotonic_nanoseconds() - start) * 1e-9
        return exact.withLock { Double($0) / seconds }
    }

    func echoFinished(tag: Int, _ result: EchoResult) {
        finished += 1
        if case .success(let reply) = result, reply.timeSource == .kernel { replies += 1 }
        if sent < total { send(to: tag) }
        if finished == total { done(replies) }
    }

    private func send(to index: Int) {
        sent += 1
        engine.send(to: addresses[index], timeoutNanoseconds: 1_000_000_000, tag: index, self)
    }
}
