import Contracts
import Testing

@testable import AlertingService

@Suite("Evaluator")
struct EvaluatorTests {
    let now = Probe.time(10_000)
    let probe = Probe()

    /// What happened, as `+7` for an incident that began at second 7 and `-9` for one that ended then.
    private func story(_ evaluator: inout Evaluator, at now: Timestamp? = nil, _ batches: MeasurementBatch...) -> String
    {
        for batch in batches { evaluator.apply(batch, of: .first, at: now ?? self.now) }
        let seconds = { (time: Timestamp) in Int(Probe.start.duration(to: time) / .seconds(1)) }
        return evaluator.takeChanges().transitions.map { transition in
            switch transition {
            case .fired(let incident, _): "+\(seconds(incident.startedAt))"
            case .resolved(_, let end): "-\(seconds(end))"
            }
        }.joined(separator: " ")
    }

    private func story(_ rules: [Rule], _ batches: MeasurementBatch...) -> String {
        var evaluator = Evaluator(rules: [.first: rules])
        for batch in batches { evaluator.apply(batch, of: .first, at: now) }
        return story(&evaluator)
    }

    @Test("begins nothing from samples of a maintenance, ends what fired, and begins what goes on with the next sample")
    func maintenance() {
        let entry = MaintenanceCalendar.Entry(
            targetIDs: [probe.series.targetID],
            from: Probe.time(10),
            to: Probe.time(20)
        )
        var evaluator = Evaluator(rules: [.first: [.test()]])
        evaluator.maintenance = MaintenanceTimes(MaintenanceCalendar(entries: [entry]))
        #expect(story(&evaluator, probe.batch("xxx", at: 5)) == "+5")
        // What fires goes on, and ends as always.
        #expect(story(&evaluator, probe.batch("xx...", at: 8)) == "-10")
        #expect(story(&evaluator, probe.batch("xxxx", at: 16)) == "")
        #expect(story(&evaluator, Probe().batch("xxx", at: 16)) == "+16")
        #expect(story(&evaluator, probe.batch("x", at: 20)) == "+16")
    }

    /// A value for each of the three places around a threshold, and whether it crosses.
    static let truths: [(Rule.Comparison, below: Bool, equal: Bool, above: Bool)] = [
        (.over, false, false, true), (.under, true, false, false),
        (.atLeast, false, true, true), (.atMost, true, true, false),
    ]

    @Test("fires after exactly so many crossings and resolves after as many calm samples", arguments: [1, 2, 3, 10])
    func latencyTable(consecutive: Int) {
        for (comparison, below, equal, above) in Self.truths {
            let outcomes = [(99.9, below), (100.0, equal), (100.1, above)]
            for (bad, _) in outcomes.filter(\.1) {
                for (good, _) in outcomes.filter({ !$0.1 }) {
                    var evaluator = Evaluator(rules: [
                        .first: [.test(.latency, comparison, 100, consecutive: consecutive)]
                    ])
                    let bads = Array(repeating: Sample.success(bad), count: consecutive)
                    let goods = Array(repeating: Sample.success(good), count: consecutive)
                    #expect(story(&evaluator, probe.batch(Array(bads.dropLast()))) == "")
                    #expect(story(&evaluator, probe.batch([bads[0]], at: consecutive - 1)) == "+0")
                    #expect(story(&evaluator, probe.batch(Array(goods.dropLast()), at: consecutive)) == "")
                    let last = probe.batch([goods[0]], at: 2 * consecutive - 1)
                    #expect(story(&evaluator, last) == "-\(consecutive)")
                }
            }
        }
    }

    @Test("takes a failure for 1 and a success for 0", arguments: Rule.Comparison.allCases)
    func failureTable(comparison: Rule.Comparison) {
        let firesOnFailure = [.over, .atLeast].contains(comparison)
        for consecutive in [1, 2, 3, 10] {
            var evaluator = Evaluator(rules: [.first: [.test(.failure, comparison, 0.5, consecutive: consecutive)]])
            let failures = String(repeating: "x", count: consecutive)
            let successes = String(repeating: ".", count: consecutive)
            let (bad, good) = firesOnFailure ? (failures, successes) : (successes, failures)
            #expect(story(&evaluator, probe.batch(String(bad.dropLast()))) == "")
            #expect(story(&evaluator, probe.batch(String(bad.suffix(1)), at: consecutive - 1)) == "+0")
            #expect(story(&evaluator, probe.batch(String(good.dropLast()), at: consecutive)) == "")
            #expect(
                story(&evaluator, probe.batch(String(good.suffix(1)), at: 2 * consecutive - 1)) == "-\(consecutive)"
            )
        }
    }

    @Test("counts samples in a row only, whichever way they go")
    func flapping() {
        #expect(story([.test()], probe.batch("xx.xx.xx.x.x.x.")) == "")
        #expect(story([.test()], probe.batch("xxx..x..x..x..")) == "+0")
        #expect(story([.test()], probe.batch("xxx..x...x.xxx...")) == "+0 -6 +11 -14")
        #expect(story([.test(consecutive: 1)], probe.batch("x.x.x")) == "+0 -1 +2 -3 +4")
    }

    @Test("passes over failed probes where it looks at latency")
    func latencyOfFailures() {
        let samples: [Sample] = [.success(200), .failure(.timeout), .success(200), .failure(.refused), .success(200)]
        #expect(story([.test(.latency, .over, 100)], probe.batch(samples)) == "+0")
    }

    @Test("sorts a batch by time, and ignores what comes later than a newer sample")
    func order() {
        let failure = Sample.failure(.timeout)
        let shuffled = probe.batch([(2, failure), (0, failure), (3, .success(1)), (1, failure)])
        #expect(story([.test()], shuffled) == "+0")
        var evaluator = Evaluator(rules: [.first: [.test()]])
        #expect(story(&evaluator, probe.batch("xx", at: 10), probe.batch("......", at: 1)) == "")
        #expect(story(&evaluator, probe.batch("x", at: 12)) == "+10")
        #expect(story(&evaluator, probe.batch("...", at: 3)) == "")
        #expect(story(&evaluator, probe.batch("...", at: 13)) == "-13")
    }

    @Test("is not deaf after an agent's clock jumped an hour ahead and back")
    func clockJump() {
        var evaluator = Evaluator(rules: [.first: [.test()]])
        #expect(story(&evaluator, at: Probe.time(1), probe.batch("..")) == "")
        #expect(story(&evaluator, at: Probe.time(2), probe.batch("x", at: 3_602)) == "")
        #expect(story(&evaluator, at: Probe.time(5), probe.batch("xx", at: 3)) == "+2")
        #expect(story(&evaluator, at: Probe.time(9), probe.batch("...", at: 6)) == "-6")
    }

    @Test("keeps rules, checks and agents apart, and looks at what a rule covers alone")
    func scopes() {
        var second = probe
        second.agent = .make()
        let other = Probe("web", type: .http)
        #expect(story([.test()], probe.batch("xx"), second.batch("xx"), other.batch("xx")) == "")
        let batches = [probe.batch("xxx"), second.batch("xxx"), other.batch("xxx")]
        let rules: [(Rule, Int)] = [
            (.test(), 3), (.test(target: probe.series.targetID), 2), (.test(type: .http), 1),
            (.test(target: probe.series.targetID, type: .http), 0), (.test(enabled: false), 0),
        ]
        for (rule, count) in rules {
            var evaluator = Evaluator(rules: [.first: [rule]])
            for batch in batches { evaluator.apply(batch, of: .first, at: now) }
            #expect(evaluator.takeChanges().transitions.count == count)
        }
    }

    @Test("looks at the part that was lost, and passes over probes that sent nothing")
    func loss() {
        var batch = probe.batch("....")
        batch.columns.sent = [10, 10, 0, 10]
        batch.columns.received = [9, 7, 0, 6]
        #expect(story([.test(.loss, .over, 0.2, consecutive: 2)], batch) == "+1")
        #expect(story([.test(.loss, .over, 0.5, consecutive: 1)], batch) == "")
    }

    @Test("makes no incident of what comes late, ends one by it, and goes on counting")
    func late() {
        var evaluator = Evaluator(rules: [.first: [.test()]], lateAfter: .seconds(60))
        #expect(story(&evaluator, at: Probe.time(100), probe.batch("xxxx")) == "")
        #expect(story(&evaluator, at: Probe.time(101), probe.batch("x", at: 40)) == "")
        #expect(story(&evaluator, at: Probe.time(100), probe.batch("x", at: 41)) == "+0")
        #expect(story(&evaluator, at: Probe.time(200), probe.batch("...", at: 42)) == "-42")
        #expect(story(&evaluator, at: Probe.time(201), probe.batch("xxx...", at: 50)) == "")
    }

    @Test("counts for each endpoint of a check by itself")
    func endpoints() {
        var batch = probe.batch("x.x.x.")
        var other = batch.series[0]
        batch.series[0].endpoint = "ipv6"
        other.endpoint = "ipv4"
        batch.series.append(other)
        batch.columns.series = [0, 1, 0, 1, 0, 1]
        var evaluator = Evaluator(rules: [.first: [.test(consecutive: 3)]])
        evaluator.apply(batch, of: .first, at: now)
        let transitions = evaluator.takeChanges().transitions
        guard transitions.count == 1, case .fired(let incident, _) = transitions[0] else {
            Issue.record("one incident, and no other: \(transitions)")
            return
        }
        #expect(incident.endpoint == "ipv6")
        #expect(incident.cause.hasSuffix("from node-1 by ipv6"))
    }

    @Test("takes no trace for a failed check, unless a rule asks for traces")
    func evidence() {
        let trace = Probe(type: .trace)
        #expect(story([.test(consecutive: 1)], trace.batch("xx")) == "")
        #expect(story([.test(consecutive: 1, type: .trace)], trace.batch("xx")) == "+0")
    }

    @Test("takes no trace that was made because something failed, whatever a rule asks for")
    func forensic() {
        let trace = Probe(type: .trace)
        var batch = trace.batch("x.")
        let made = Array(#"{"target":"192.0.2.1","cause":"01890000-0000-7000-8000-000000000000"}"#.utf8)
        batch.columns.metadataBytes = made + Array("{}".utf8)
        batch.columns.metadataEnd = [made.count, made.count + 2]
        #expect(story([.test(consecutive: 1, type: .trace)], batch) == "")
        batch.columns.metadataBytes = Array("{}".utf8) + made
        batch.columns.metadataEnd = [2, made.count + 2]
        #expect(story([.test(consecutive: 1, type: .trace)], batch) == "+0")
    }

    @Test("says what happened in words")
    func causes() throws {
        func cause(_ rule: Rule, _ samples: [Sample]) throws -> String {
            var evaluator = Evaluator(rules: [.first: [rule]])
            evaluator.apply(probe.batch(samples), of: .first, at: now)
            guard case .fired(let incident, _) = try #require(evaluator.takeChanges().transitions.first) else {
                return ""
            }
            #expect(incident.targetName == "router")
            #expect(incident.agentID == probe.agent)
            return incident.cause
        }
        let failures: [Sample] = [.failure(.refused), .failure(.timeout), .failure(.dnsAnswer)]
        #expect(
            try cause(.test(), failures)
                == "3 failures in a row, the last one dns_answer, at \(Probe.time(2)) from node-1"
        )
        #expect(
            try cause(.test(.latency, .over, 150, consecutive: 1), [.success(153.25)])
                == "latency 153.25 ms > 150 ms at \(Probe.time(0)) from node-1"
        )
    }

    @Test("leads to the same streaks, from wherever the same rows come again")
    func replay() {
        let samples = Array("..xx.xxx..x...xxxx.x.x...xx")
        var whole = Evaluator(rules: [.first: [.test()]])
        for (second, sample) in samples.enumerated() {
            whole.apply(probe.batch(String(sample), at: second), of: .first, at: now)
        }
        let rules = [Rule.test()]
        for cut in samples.indices {
            var first = Evaluator(rules: [.first: rules])
            for second in 0..<cut { first.apply(probe.batch(String(samples[second]), at: second), of: .first, at: now) }
            var again = Evaluator(rules: [.first: rules], streaks: first.streaks)
            for second in cut..<samples.count {
                again.apply(probe.batch(String(samples[second]), at: second), of: .first, at: now)
            }
            let transitions = first.takeChanges().transitions.count + again.takeChanges().transitions.count
            #expect(transitions == whole.transitionCount)
        }
    }

    @Test("begins no more streaks than it may, and goes on with those it has")
    func limit() {
        var evaluator = Evaluator(rules: [.first: [.test()]], maximumStreaks: 1)
        evaluator.apply(probe.batch("xx"), of: .first, at: now)
        evaluator.apply(Probe().batch("xxx"), of: .first, at: now)
        #expect(evaluator.refused == 1)
        #expect(story(&evaluator, probe.batch("x", at: 2)) == "+0")
    }
}

extension Evaluator {
    fileprivate var transitionCount: Int {
        var copy = self
        return copy.takeChanges().transitions.count
    }
}
