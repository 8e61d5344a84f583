import Configuration
import JSON
import Observability
import Synchronization
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("escape what a label's value must not hold, and keep each series on a line")
    func escapes() {
        let metrics = Metrics()
        metrics.counter("c", "Help.", labels: ["a"])("\\ \" \n \r\n").increment()
        let lines = String(decoding: metrics.text(), as: UTF8.self).utf8.split(separator: 0x0a).map { String($0) ?? "" }
        #expect(lines == ["# HELP c Help.", "# TYPE c counter", "c{a=\"\\\\ \\\" \\n \r\\n\"} 1"])
    }

    @Test("that are kept elsewhere stand behind the others, each series by its own name")
    func sampled() {
        let metrics = Metrics()
        metrics.families {
            var latency = SampledFamily("latency_seconds", "Latency.", .summary, unit: "s")
            let labels = [MetricLabel("target", "a\"b"), MetricLabel("agent", "x"), MetricLabel("endpoint", "")]
            latency.points = [.init(labels, .summary(count: 2, sum: 0.5, quantiles: [(0.5, 0.25)]))]
            var up = SampledFamily("up", "Whether.", .gauge)
            up.points = [.init([], .number(1))]
            return [latency, up]
        }
        metrics.counter("z", "Own.")().increment()
        let text = """
            # HELP z Own.
            # TYPE z counter
            z 1
            # HELP latency_seconds Latency.
            # TYPE latency_seconds summary
            latency_seconds{agent="x",quantile="0.5",target="a\\"b"} 0.25
            latency_seconds_sum{agent="x",target="a\\"b"} 0.5
            latency_seconds_count{agent="x",target="a\\"b"} 2.0
            # HELP up Whether.
            # TYPE up gauge
            up 1.0

            """
        #expect(String(decoding: metrics.text(), as: UTF8.self) == text)
    }

    @Test("count each bucket of a histogram with those below it")
    func histogram() {
        let metrics = Metrics()
        let histogram = metrics.histogram("h", "Help.", labels: ["m"], bounds: [0.1, 1])("x")
        for value in [0.05, 0.1, 0.5, 3] { histogram.observe(value) }
        let text = String(decoding: metrics.text(), as: UTF8.self)
        #expect(
            text.hasSuffix(
                """
                h_bucket{m="x",le="0.1"} 2
                h_bucket{m="x",le="1.0"} 3
                h_bucket{m="x",le="+Inf"} 4
                h_sum{m="x"} 3.65
                h_count{m="x"} 4

                """
            )
        )
    }
}

@Suite("Log")
struct LogTests {
    @Test("writes one JSON object a line, with the trace of the call")
    func line() throws {
        let sink = MemorySink()
        let log = Log(label: "test", minimum: .info, sink: sink)
        var random = SplitMix64(seed: 1)
        let context = CallContext(trace: .random(using: &random))
        CallContext.$ofTask.withValue(context) { log.warning("hello", ["b": "\"\n\u{1}", "a": "x"]) }
        log.debug("unheard")
        let line = try #require(sink.lines.first)
        #expect(sink.lines.count == 1)
        #expect(line.hasSuffix("}\n"))
        let object = try JSONValue(json: Array(line.utf8))
        #expect(object["level"] == "warning")
        #expect(object["service"] == "test")
        #expect(object["message"] == "hello")
        #expect(object["b"] == "\"\n\u{1}")
        #expect(object["trace_id"] == .string(context.trace.traceID))
    }

    @Test("says a trouble once a minute, and how often it was left out")
    func repetitions() throws {
        let sink = MemorySink()
        let time = Mutex(ContinuousClock.now)
        let log = Log(label: "test", sink: sink, repetitions: Repetitions { time.withLock { $0 } })
        for _ in 1...3 { log.warning("away", ["error": "refused"]) }
        log.warning("away", ["error": "another"])
        for _ in 1...2 { log.info("here") }
        #expect(sink.lines.count == 4)
        time.withLock { $0 += .seconds(60) }
        log.warning("away", ["error": "refused"])
        log.warning("away", ["error": "another"])
        #expect(sink.lines.count == 6)
        #expect(try JSONValue(json: Array(sink.lines[4].utf8))["repeated"] == "2")
        #expect(try JSONValue(json: Array(sink.lines[5].utf8))["repeated"] == nil)
    }

    @Test("says everything once too much is different")
    func manyLines() {
        let sink = MemorySink()
        let log = Log(label: "test", sink: sink, repetitions: Repetitions())
        for _ in 1...2 { for number in 1...300 { log.warning("away", ["number": "\(number)"]) } }
        #expect(sink.lines.count == 300 + 44)
    }

    @Test("names no member twice, whatever a field is called")
    func fieldNames() throws {
        let sink = MemorySink()
        Log(label: "test", sink: sink).info("hello", ["service": "store", "level": "7", "time": "now", "message": "x"])
        let line = try #require(sink.lines.first)
        #expect(line.ranges(of: "\"service\"").count == 1)
        #expect(try JSONValue(json: Array(line.utf8))["message"] == "hello")
    }

    @Test("never prints a secret or a token")
    func secrets() {
        let values: [Any] = [
            Secret("hunter2"), BearerToken("hunter2"), [Secret("hunter2")], ["k": BearerToken("hunter2")],
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), String(describing: value), dumped] {
                #expect(!text.contains("hunter2"))
            }
        }
    }
}

@Suite("Trace context")
struct TraceContextTests {
    private static let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test("is read and written as the same header")
    func roundTrip() {
        let bytes = Array(Self.good.utf8)
        guard let context = TraceContext(traceparent: bytes.span) else {
            Issue.record("not read")
            return
        }
        #expect(context.traceparent.indices.map { context.traceparent[$0] } == bytes)
        #expect(context.isSampled)
        #expect(context.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
    }

    @Test(
        "begins anew after a header that is none",
        arguments: [
            "", "00", good.uppercased(), good + "-", good.replacing("00-4", with: "ff-4"),
            good.replacing("-01", with: "_01"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", good.replacing("4bf9", with: "4bg9"),
        ]
    )
    func refused(text: String) {
        let bytes = Array(text.utf8)
        let context = TraceContext(traceparent: bytes.span)
        #expect(context == nil)
    }

    @Test("takes sixteen letters at each of its places, and no other byte")
    func digits() {
        let good = Array(Self.good.utf8)
        for place in Array(3..<35) + Array(36..<52) {
            for byte in UInt8.min...UInt8.max {
                var bytes = good
                bytes[place] = byte
                let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
                let read = TraceContext(traceparent: bytes.span)?.traceparent
                #expect(read.map { text in text.indices.map { text[$0] } } == (isDigit ? bytes : nil))
            }
        }
    }
}

@Suite("The context of a call")
struct CallContextTests {
    private struct Failure: Error {}

    private static func context(_ span: UInt64) -> CallContext {
        CallContext(trace: TraceContext(trace: (1, 2), span: span, isSampled: true))
    }

    private static var span: UInt64? { CallContext.current?.trace.span }

    @Test("is the thread's before the task's, and the one around it when it ends, however it ends")
    func nesting() {
        #expect(Self.span == nil)
        CallContext.$ofTask.withValue(Self.context(1)) {
            #expect(Self.span == 1)
            Self.context(2).run {
                #expect(Self.span == 2)
                #expect(throws: Failure.self) {
                    try Self.context(3).run {
                        #expect(Self.span == 3)
                        throw Failure()
                    }
                }
                #expect(Self.span == 2)
            }
            #expect(Self.span == 1)
        }
        #expect(Self.span == nil)
    }
}
