import Contracts
import JSON
import JSONRPC
import Observability
import Testing

@Suite("UUIDv7")
struct UUIDv7Tests {
    @Test("sorts in the order of making, even when the clock stands still or steps back")
    func order() {
        var generator = UUIDv7Generator(SplitMix64(seed: 1))
        let times: [UInt64] = [1_000, 1_000, 999, 500] + Array(repeating: 1_000, count: 10_000) + [1_001, 1_100]
        let made = times.map { generator.next(milliseconds: $0) }
        #expect(made == made.sorted())
        #expect(Set(made).count == made.count)
        #expect(made.allSatisfy { $0.high >> 12 & 15 == 7 && $0.low >> 62 == 2 })
        #expect(made.first?.milliseconds == 1_000)
        #expect(made.last?.milliseconds == 1_100)
    }

    @Test("is read as it is printed, in either case")
    func text() {
        let text = "0190163d-8694-739b-aea5-966c26f8ad91"
        #expect(UUIDv7(text)?.description == text)
        #expect(UUIDv7(text.uppercased())?.description == text)
    }

    @Test(
        "is not read off anything else",
        arguments: [
            "", "0190163d8694739baea5966c26f8ad91", "0190163d-8694-739b-aea5-966c26f8ad9",
            "{0190163d-8694-739b-aea5-966c26f8}",
            "0190163d-8694-739b-aea5-966c26f8ad911", "0190163g-8694-739b-aea5-966c26f8ad91",
            "0190163d-8694-739b-aea5966-c26f8ad91", " 190163d-8694-739b-aea5-966c26f8ad91",
            "0190163d-8694-739b-aea5-966c26f8ad\u{e9}",
        ]
    )
    func noUUID(text: String) {
        #expect(UUIDv7(text) == nil)
    }
}

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "reads RFC 3339",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000001Z", 1), ("1969-12-31T23:59:59.999999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000), ("2024-02-29t00:00:00z", 1_709_164_800_000_000),
            ("1996-12-19T16:39:57-08:00", 851_042_397_000_000),
            ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
            ("2026-01-31 12:00:00.1234567Z", 1_769_860_800_123_456), ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
            ("2026-01-01T00:00:00+23:59", 1_767_139_260_000_000),
        ]
    )
    func read(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
        #expect(Timestamp(Timestamp(microseconds: microseconds).description)?.microseconds == microseconds)
    }

    @Test(
        "reads no other text",
        arguments: [
            "", "2026-01-01", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00ZZ", "26-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "2026-01-01T00:00:00,5Z",
            "+026-01-01T00:00:00Z", "\u{ff12}026-01-01T00:00:00Z",
        ]
    )
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("is read as it is printed")
    func roundTrip() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<2_000 {
            let time = Timestamp(
                microseconds: .random(in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &random)
            )
            #expect(Timestamp(time.description) == time)
        }
    }
}

@Suite("Measurement batch")
struct MeasurementBatchTests {
    private static let uuid = "0190163d-8694-739b-aea5-966c26f8ad91"
    private static let series =
        #"{"check_id":"\#(uuid)","target_id":"\#(uuid)","target":"a","type":"icmp"}"#

    private static func text(_ columns: String, series: String = series) -> String {
        #"{"agent_id":"\#(uuid)","origin":"here","series":[\#(series)],"columns":{\#(columns)}}"#
    }

    private static let columns =
        #""series":[0,0],"id":["\#(uuid)","\#(uuid)"],"timestamp":[1,2],"latency_ms":[1.5,null],"#
        + #""status":[0,1],"reason":[0,1],"sent":[10,1],"received":[9,0],"metadata":[{"ttl":64},null]"#

    @Test("is read and written as the same text")
    func roundTrip() throws {
        let batch = try MeasurementBatch(json: Array(Self.text(Self.columns).utf8))
        #expect(batch.columns.count == 2)
        #expect(batch.columns.latency.first == 1.5)
        #expect(batch.columns.latency.last?.isNaN == true)
        let again = try MeasurementBatch(json: batch.json())
        #expect(again.json() == batch.json())
        #expect(String(decoding: batch.json(), as: UTF8.self) == Self.text(Self.columns))
    }

    @Test("tells the endpoints of a check apart, and says nothing of them when there is one")
    func endpoints() throws {
        let series = Self.series.replacing(#""icmp""#, with: #""icmp","endpoint":"ipv6""#)
        let batch = try MeasurementBatch(json: Array(Self.text(Self.columns, series: series).utf8))
        #expect(batch.row(0).endpoint == "ipv6")
        #expect(String(decoding: batch.json(), as: UTF8.self) == Self.text(Self.columns, series: series))
        #expect(try MeasurementBatch(json: Array(Self.text(Self.columns).utf8)).row(0).endpoint == nil)
    }

    @Test(
        "is refused when it is not whole",
        arguments: [
            text(columns.replacing("[1,2]", with: "[1]")), text(columns.replacing("[0,0]", with: "[0,1]")),
            text(columns.replacing("[0,0]", with: "[0,-1]")),
            text(columns.replacing("[0,0]", with: "[0,9223372036854775808]")),
            text(columns.replacing(#""status":[0,1]"#, with: #""status":[0,99]"#)),
            text(columns.replacing(#""status":[0,1]"#, with: #""status":[0,-1]"#)),
            text(columns.replacing(#""reason":[0,1]"#, with: #""reason":[0,250]"#)),
            text(columns.replacing(#""reason":[0,1],"#, with: "")), text(columns + #","timestamp":[1,2]"#),
            text(columns.replacing("[10,1]", with: "[8,1]")), text(columns.replacing("[10,1]", with: "[-1,1]")),
            text(columns.replacing("[10,1]", with: "[100001,1]")),
            text(columns.replacing(#""sent":[10,1],"#, with: "")),
            text(columns, series: ""),
            text(columns, series: "{}"), text(columns, series: series.replacing("icmp", with: "carrier-pigeon")),
            text(columns.replacing("[1,2]", with: "[1,2.5]")), text(columns.replacing("1.5", with: "1e999")),
            text(columns.replacing("1.5", with: #""1.5""#)), "{}", "[]", text(columns) + " 1",
            text(columns).replacing(#""origin":"here","#, with: #""origin":"here","origin":"there","#),
            text(columns).replacing(#""agent_id":"\#(uuid)""#, with: #""agent_id":"me""#),
        ]
    )
    func refused(text: String) {
        #expect(throws: JSONError.self) { _ = try MeasurementBatch(json: Array(text.utf8)) }
    }

    @Test("is refused when it has too many rows")
    func tooLong() {
        let many = Array(repeating: "0", count: MeasurementBatch.maximumRows + 1).joined(separator: ",")
        let text = Self.text(#""series":[\#(many)]"#)
        #expect(throws: JSONError.self) { _ = try MeasurementBatch(json: Array(text.utf8)) }
    }
}

@Suite("Contracts")
struct ContractsTests {
    @Test("name each method once, as noun.verb")
    func names() {
        let names = publicMethods.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.split(separator: ".").count == 2)
            #expect(name.allSatisfy { $0.isLowercase || $0 == "." || $0 == "_" }, "\(name)")
        }
    }

    @Test("put each REST route at one place, and fill its path from the params")
    func routes() {
        let routes = publicMethods.compactMap(\.rest)
        let places = routes.map { "\($0.verb.rawValue) \($0.path)" }
        #expect(Set(places).count == places.count)
        for method in publicMethods {
            guard let rest = method.rest else { continue }
            for segment in rest.path.split(separator: "/") where segment.hasPrefix("{") {
                #expect(
                    method.params.properties.contains { $0.name == segment.dropFirst().dropLast() },
                    "\(method.name)"
                )
            }
        }
    }

    @Test("answer with a file where a stream has a REST route")
    func downloads() {
        let streams = publicMethods.filter { $0.isStream && $0.rest != nil }
        #expect(!streams.isEmpty)
        for method in streams {
            #expect(method.result == Download.schema, "\(method.name)")
            #expect(method.element == DownloadPiece.schema, "\(method.name)")
        }
    }

    @Test("say what there is to choose from, and nothing of what somebody sent instead")
    func choices() {
        let error = #expect(throws: JSONError.self) {
            try NewTarget(payload: Array(#"{"address":"a","checks":[{"type":"<b>"}]}"#.utf8)[...])
        }
        #expect(error?.path == "checks[0].type")
        #expect(error?.message.hasPrefix("checks[0].type: expected one of icmp, udp") == true)
        #expect(error?.message.contains("<b>") == false)
    }

    @Test("give people nothing without saying who may")
    func access() {
        for method in publicMethods { #expect(method.access != nil, "\(method.name)") }
        #expect(
            publicMethods.filter { $0.access == .anyone }.map(\.name).sorted()
                == [
                    "auth.begin", "auth.finish", "auth.login", "auth.logout", "auth.providers", "auth.refresh",
                    "auth.reset", "auth.signup", "enrolment.redeem", "invitation.get",
                ]
        )
        #expect(
            publicMethods.filter { $0.access == .operator }.map(\.name).sorted()
                == [
                    "agent.command", "agent.delete", "agent.update", "enrolment.create", "enrolment.delete",
                    "enrolment.list", "retention.get_tenant", "retention.limit_tenant", "tenant.create",
                    "tenant.delete", "tenant.list", "tenant.resume",
                    "tenant.suspend",
                ]
        )
    }
}
