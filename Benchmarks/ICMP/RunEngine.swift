import Dispatch
import EventLoop
import Glibc
import Probing

/// Makes a loop and an engine on it, calls `body` there, and returns when the body has called `done`.
func runEngine(
    _ kind: ICMPEngine.SocketKind,
    _ body: @escaping @Sendable (ICMPEngine, _ done: @escaping () -> Void) -> Void
) {
    do {
        let loop = try EventLoop(name: "bench")
        try loop.start()
        let finished = DispatchSemaphore(value: 0)
        loop.execute {
            let engine = ICMPEngine(on: loop, kinds: [kind])
            body(engine) {
                loop.atTurnEnd {
                    engine.close()
                    loop.stop()
                    finished.signal()
                }
            }
        }
        finished.wait()
    } catch {
        print("bench-icmp: \(error)")
        exit(70)
    }
}
