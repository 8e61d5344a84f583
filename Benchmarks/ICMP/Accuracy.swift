import CCapture
import EventLoop
import Glibc
import Probing
import Synchronization

/// Compares the engine's round trips with those of a packet capture on the same interface.
///
/// The capture is the second observer: the kernel hands it each packet where the network's driver would get it, with
/// a time of its own reading on the way out. Its round trip is that of `tcpdump`: reply in minus request out.
final class Accuracy: EchoHandler {
    private let engine: ICMPEngine
    private let addresses: [IPAddress]
    private let done: () -> Void
    private let capture: FileDescriptor
    private var round: [UInt64?]
    private var finished = 0
    private var roundsLeft: Int
    private let record: ([Double]) -> Void

    private init(
        _ engine: ICMPEngine,
        _ addresses: [IPAddress],
        rounds: Int,
        record: @escaping ([Double]) -> Void,
        done: @escaping () -> Void
    ) {
        self.engine = engine
        self.addresses = addresses
        self.record = record
        self.done = done
        capture = FileDescriptor(capture_open())
        round = Array(repeating: nil, count: addresses.count)
        roundsLeft = rounds
    }

    /// The differences in microseconds, ascending; one an echo.
    static func errors(_ addresses: [IPAddress], _ kind: ICMPEngine.SocketKind, rounds: Int) -> [Double] {
        let all = Mutex<[Double]>([])
        runEngine(kind) { engine, done in
            let run = Accuracy(
                engine,
                addresses,
                rounds: rounds,
                record: { errors in all.withLock { $0 += errors } },
                done: done
            )
            run.startRound()
        }
        return all.withLock { $0.sorted() }
    }

    func echoFinished(tag: Int, _ result: EchoResult) {
        finished += 1
        round[tag] = try? result.get().roundTripNanoseconds
        guard finished == addresses.count else { return }
        record(compare())
        roundsLeft -= 1
        if roundsLeft > 0 { startRound() } else { done() }
    }

    private func startRound() {
        finished = 0
        for index in addresses.indices {
            engine.send(to: addresses[index], timeoutNanoseconds: 1_000_000_000, tag: index, self)
        }
    }

    /// An echo that either observer missed counts as infinitely wrong.
    private func compare() -> [Double] {
        var outs = [UInt64?](repeating: nil, count: addresses.count)
        var ins = outs
        for echo in readCapture() {
            guard let index = addresses.firstIndex(of: IPAddress(v4: echo.address)) else { continue }
            if echo.is_outgoing == 1, echo.is_reply == 0 { outs[index] = echo.nanoseconds }
            if echo.is_outgoing == 0, echo.is_reply == 1 { ins[index] = echo.nanoseconds }
        }
        return addresses.indices.map { index in
            guard let ours = round[index], let out = outs[index], let back = ins[index] else { return .infinity }
            return abs(Double(back) - Double(out) - Double(ours)) / 1_000
        }
    }

    private func readCapture() -> [capture_echo] {
        var all: [capture_echo] = []
        var batch = [capture_echo](repeating: capture_echo(), count: 1_024)
        while true {
            let count = unsafe capture_read(capture.number, &batch, CInt(batch.count))
            guard count >= 0 else { return all }
            all += batch[..<Int(count)]
        }
    }
}
