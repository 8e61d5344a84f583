import Testing

@testable import Egress

@Suite("DNSMessage")
struct DNSMessageTests {
    /// One question for `a.example`, then `answers`.
    private func response(_ answers: [[UInt8]], flags: UInt16 = 0x8400) -> [UInt8] {
        let header: [UInt8] = [0, 7, UInt8(flags >> 8), UInt8(flags & 255), 0, 1, 0, UInt8(answers.count), 0, 0, 0, 0]
        return header + Self.name("a", "example") + [0, 1, 0, 1] + answers.flatMap { $0 }
    }

    private static func name(_ labels: String...) -> [UInt8] {
        labels.flatMap { [UInt8($0.utf8.count)] + $0.utf8 } + [0]
    }

    /// A record of the name in the question, which begins at 12.
    private func record(_ type: DNSRecordType, _ data: [UInt8]) -> [UInt8] {
        [0xc0, 12, 0, UInt8(type.rawValue), 0, 1, 0, 0, 1, 44, 0, UInt8(data.count)] + data
    }

    @Test(
        "writes each type of record as a zone file would",
        arguments: [
            (DNSRecordType.a, [192, 0, 2, 1], "192.0.2.1"),
            (.aaaa, [0x20, 1, 0xd, 0xb8] + [UInt8](repeating: 0, count: 11) + [1], "2001:db8::1"),
            (.cname, name("b") + [], "b"), (.ns, name("ns", "example"), "ns.example"),
            (.mx, [0, 10] + name("mail"), "10 mail"), (.srv, [0, 1, 0, 2, 1, 187] + name("h"), "1 2 443 h"),
            (.txt, [2, 104, 105, 1, 33], "hi!"), (.mx, [0, 5, 1, 120, 0xc0, 14], "5 x.example"),
            (
                .soa, name("m") + name("r") + [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5],
                "m r 1 2 3 4 5"
            ),
            (.cname, [3, 97, 46, 98, 0], #"a\.b"#), (.ns, [0], "."),
        ] as [(DNSRecordType, [UInt8], String)]
    )
    func records(type: DNSRecordType, data: [UInt8], text: String) throws {
        let answer = try DNSMessage.parse(response([record(type, data)]), elapsedMicroseconds: 9)
        let expected = DNSAnswer.Record(name: "a.example", type: type, timeToLiveSeconds: 300, text: text)
        #expect(answer.records == [expected])
        #expect(answer.isAuthoritative)
    }

    @Test("tells the response code, and skips records it does not know")
    func responseCode() throws {
        let unknown: [UInt8] = [0xc0, 12, 0, 99, 0, 1, 0, 0, 0, 0, 0, 1, 7]
        let answer = try DNSMessage.parse(response([unknown], flags: 0x8003), elapsedMicroseconds: 0)
        #expect(answer.responseCodeName == "NXDOMAIN")
        #expect(answer.records.isEmpty)
    }

    @Test("refuses every cut of a message")
    func truncated() {
        let whole = response([record(.mx, [0, 10] + Self.name("mail"))])
        for length in 0..<whole.count {
            #expect(throws: EgressError.self) {
                try DNSMessage.parse(Array(whole[..<length]), elapsedMicroseconds: 0)
            }
        }
    }

    @Test(
        "refuses names that loop, point forwards, or grow beyond measure",
        arguments: [[0xc0, 39], [0xc0, 200], [1, 97, 0xc0, 39], [0x40, 1], [0x80, 1]] as [[UInt8]]
    )
    func hostileNames(data: [UInt8]) {
        #expect(throws: EgressError.self) {
            try DNSMessage.parse(response([record(.cname, data)]), elapsedMicroseconds: 0)
        }
    }

    @Test("survives any message")
    func noise() {
        var generator = SeededGenerator(state: 42)
        let whole = response([record(.mx, [0, 10] + Self.name("mail")), record(.a, [192, 0, 2, 1])])
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 2..<bytes.count, using: &generator)] = .random(in: 0 ... .max, using: &generator)
            }
            _ = try? DNSMessage.parse(bytes, elapsedMicroseconds: 0)
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014), so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
