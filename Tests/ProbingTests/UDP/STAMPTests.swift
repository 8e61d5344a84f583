import EventLoop
import Glibc
import Simulation
import Testing

@testable import Probing

@Suite("STAMP")
struct STAMPTests {
    @Test("writes what it reads, and nothing else is read")
    func packets() throws {
        let request = STAMPRequest(
            sequence: 0xdead_beef,
            time: NTPTime(bits: 0x0123_4567_89ab_cdef),
            clockError: STAMPClockError(word: 0x8a10)
        )
        var data: [UInt8] = []
        request.append(to: &data)
        #expect(data.count == 44)
        #expect(Array(data[..<6]) == [0xde, 0xad, 0xbe, 0xef, 0x01, 0x23])
        #expect(STAMPRequest(data[...]) == request)
        #expect(STAMPRequest(data[..<43]) == nil)
        let reflection = STAMPReflection(
            sequence: 7,
            time: NTPTime(bits: 5),
            received: NTPTime(bits: 4),
            clockError: STAMPClockError(nanoseconds: nil),
            request: request,
            hopLimit: 61
        )
        data = [9]
        reflection.append(to: &data, bytes: 60)
        #expect(data.count == 61)
        #expect(STAMPReflection(data[1...]) == reflection)
        #expect(Array(data[13..<15]) == [0, 1])
        #expect(STAMPReflection(data[..<43]) == nil)
    }

    @Test("has NTP's times and errors")
    func clocks() {
        let first = NTPTime(realtimeNanoseconds: 0)
        #expect(first.bits == 2_208_988_800 << 32)
        let now = NTPTime(realtimeNanoseconds: 1_767_225_600_123_456_789)
        #expect(abs(now.nanoseconds(since: NTPTime(realtimeNanoseconds: 1_767_225_600_000_000_000)) - 123_456_789) <= 1)
        #expect(
            abs(
                NTPTime(realtimeNanoseconds: 10).nanoseconds(since: NTPTime(realtimeNanoseconds: 5_000_000)) + 4_999_990
            ) <= 1
        )
        // In 2036 the seconds begin again.
        let late = NTPTime(realtimeNanoseconds: 2_085_978_497_000_000_000)
        #expect(late.nanoseconds(since: NTPTime(realtimeNanoseconds: 2_085_978_494_500_000_000)) == 2_500_000_000)
        for nanoseconds in [UInt64(0), 1, 250, 16_000, 1_000_000, 16_000_000_000] {
            let read = STAMPClockError(word: STAMPClockError(nanoseconds: nanoseconds).word).nanoseconds
            #expect((nanoseconds...nanoseconds * 101 / 100 + 2).contains(read ?? 0), "\(nanoseconds)")
        }
        #expect(STAMPClockError(nanoseconds: nil).word == 1)
        #expect(STAMPClockError(word: 0x8000).nanoseconds == nil)
    }

    /// A session of ten datagrams of which some are answered as `numbers` says: the datagram and the reflector's number.
    private func session(
        _ numbers: [(datagram: Int, reflected: UInt32)],
        ownError: UInt64? = 1_000,
        otherError: UInt64? = 2_000
    ) -> STAMPResult {
        var options = SeriesOptions()
        options.count = 10
        var form = STAMPForm(options, clockError: STAMPClockError(nanoseconds: ownError))
        var tally = SeriesTally(count: 10)
        var sum = RoundTripSum()
        for (datagram, reflected) in numbers {
            let sent = UInt64(1_000_000_000 + datagram * 10_000_000)
            let departure = Departure(monotonic: sent, realtime: sent, kernel: sent)
            var data: [UInt8] = []
            // Three milliseconds there, one in the reflector, two back.
            STAMPReflection(
                sequence: reflected,
                time: NTPTime(realtimeNanoseconds: sent + 4_000_000),
                received: NTPTime(realtimeNanoseconds: sent + 3_000_000),
                clockError: STAMPClockError(nanoseconds: otherError),
                request: STAMPRequest(
                    sequence: UInt32(datagram + 1),
                    time: NTPTime(realtimeNanoseconds: sent),
                    clockError: STAMPClockError(nanoseconds: ownError)
                ),
                hopLimit: 60
            ).append(to: &data)
            let times = SeriesTimes(departure: departure, arrived: sent + 6_000_000, read: sent + 6_000_000)
            let isCopy = tally.take(datagram) == .copy
            let roundTrip = form.take(data[...], to: datagram, isCopy: isCopy, times)
            if !isCopy { sum.add(roundTrip.nanoseconds) }
        }
        let series = SeriesResult(
            sent: 10,
            received: tally.received,
            duplicates: tally.duplicates,
            times: sum.times
        )
        return form.result(series)
    }

    @Test("takes the reflector's own time out of the round trip, and tells delays where clocks agree")
    func delays() throws {
        let result = session((0..<10).map { ($0, UInt32($0)) })
        #expect(result.series.times?.mean == 5)
        #expect(result.processing == 1)
        #expect(result.clockError == 0.003)
        #expect(result.forward.delays?.mean == 3 && result.backward.delays?.mean == 2)
        #expect(result.forward.jitter == 0)
        for (own, other) in [(nil, 1_000), (1_000, nil), (2_000_000, 2_000_000)] as [(UInt64?, UInt64?)] {
            let result = session((0..<10).map { ($0, UInt32($0)) }, ownError: own, otherError: other)
            #expect(result.forward.delays == nil && result.backward.delays == nil)
        }
    }

    @Test("tells losses by direction, when the reflector counts")
    func directions() {
        // The third is lost on its way there, the reflection of the sixth on its way back, the last somewhere.
        let both = session([(0, 0), (1, 1), (3, 2), (4, 3), (6, 5), (7, 6), (8, 7)])
        #expect(both.isStateful)
        #expect((both.forward.lost, both.backward.lost, both.lostAtTheEnd) == (1, 1, 1))
        // One that has counted for longer.
        let older = session([(0, 100), (1, 101), (3, 102), (4, 103), (6, 105), (7, 106), (8, 107), (9, 108)])
        #expect((older.forward.lost, older.backward.lost, older.lostAtTheEnd) == (1, 1, 0))
        // One that repeats numbers cannot tell.
        let stateless = session([0, 1, 3, 4].map { ($0, UInt32($0 + 1)) })
        #expect(!stateless.isStateful)
        #expect(stateless.forward.lost == nil && stateless.backward.lost == nil)
        // The second was copied on its way there, the fourth on its way back.
        let copies = session([(0, 0), (1, 1), (1, 2), (2, 3), (3, 4), (3, 4)] + (4..<10).map { ($0, UInt32($0 + 1)) })
        #expect((copies.forward.duplicates, copies.backward.duplicates) == (1, 1))
        #expect((copies.forward.lost, copies.backward.lost) == (0, 0))
        #expect(session([]).forward.lost == nil)
    }

    @Test("believes no reflector that claims too much")
    func lies() {
        let wild = session([(0, .max), (1, 0), (2, 5_000_000)])
        #expect((wild.forward.lost ?? 0) >= 0 && (wild.backward.lost ?? 0) >= 0)
    }

    @Test("goes to a reflector and back", .enabled(if: NetworkLoop.isPossible), arguments: ["127.0.0.1", "::1"])
    func reflector(text: String) async throws {
        let address = try #require(IPAddress(text))
        let network = try await NetworkLoop()
        let (result, statistics) = try await withTaskExecutorPreference(network.loop) {
            let reflector = try STAMPReflector(at: SocketAddress(address, port: 0), on: network.loop)
            defer { reflector.close() }
            var options = SeriesOptions()
            (options.count, options.gap, options.payloadBytes) = (200, .milliseconds(0), 200)
            let result = try await UDPEngine(on: network.loop).stamp(with: reflector.address, options)
            return (result, reflector.statistics)
        }
        #expect(result.series.received == 200)
        #expect(result.isStateful && result.forward.lost == 0 && result.backward.lost == 0)
        #expect(statistics == STAMPReflector.Statistics(reflected: 200))
        #expect(result.processing ?? -1 >= 0)
        #expect(result.series.times?.least ?? 0 > 0)
    }

    @Test("is not reflected by one that has enough of it", .enabled(if: NetworkLoop.isPossible))
    func limits() async throws {
        let network = try await NetworkLoop()
        let (statistics, answers) = try await withTaskExecutorPreference(network.loop) {
            var limits = STAMPReflector.Limits()
            (limits.answersPerSecond, limits.maximumSessions) = (50, 2)
            let reflector = try STAMPReflector(
                at: SocketAddress(.loopback, port: 0),
                limits: limits,
                on: network.loop
            )
            defer { reflector.close() }
            let engine = UDPEngine(on: network.loop)
            var options = SeriesOptions()
            (options.gap, options.timeout) = (.zero, .milliseconds(50))
            // Too short for a session, and from the reflector's own port.
            options.payloadBytes = 43
            let short = try await engine.echo(with: reflector.address, options)
            let own = try TimedSocket(.udp, isV4: true, on: network.loop)
            try own.bind(SocketAddress(IPAddress(v4: 0x7f00_0002), port: reflector.address.port))
            try own.connect(reflector.address)
            _ = try own.send([UInt8](repeating: 1, count: 44)[...], size: 44)
            options.count = 200
            let flood = try await engine.stamp(with: reflector.address, options).series
            options.count = 1
            _ = try await engine.stamp(with: reflector.address, options)
            let third = try await engine.stamp(with: reflector.address, options).series
            return (reflector.statistics, [short.received, flood.received, third.received])
        }
        #expect(statistics.ignored == 2)
        // One session more than is remembered is answered all the same.
        #expect(answers[0] == 0 && answers[2] == 1)
        #expect((50...70).contains(answers[1]))
        #expect(statistics.refused >= 130)
    }
}
