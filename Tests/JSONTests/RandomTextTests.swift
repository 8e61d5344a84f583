import Foundation
import JSON
import Testing

@Suite("Random texts") struct RandomTextTests {
    private func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .int(Int(truncatingIfNeeded: random.next() >> UInt64.random(in: 0..<64, using: &random)))
        case 3: .double(Double.random(in: -1e9...1e9, using: &random))
        case 4: .double(Double(Int.random(in: 0..<1_000_000, using: &random)) / 1_000)
        case 5: .string(string(&random))
        case 6: .array((0..<Int.random(in: 0..<6, using: &random)).map { _ in value(depth: depth - 1, &random) })
        default:
            .object(
                Dictionary(
                    (0..<Int.random(in: 0..<6, using: &random)).map { _ in
                        (string(&random), value(depth: depth - 1, &random))
                    }
                ) { first, _ in first }
            )
        }
    }

    private func string(_ random: inout SeededGenerator) -> String {
        let scalars: [ClosedRange<UInt32>] = [0...0x1F, 0x20...0x7E, 0x80...0x7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF]
        var string = ""
        for _ in 0..<Int.random(in: 0..<40, using: &random) {
            let isPlain = Int.random(in: 0..<10, using: &random) > 0
            let range = isPlain ? scalars[1] : scalars[Int.random(in: 0..<scalars.count, using: &random)]
            if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &random)) {
                string.unicodeScalars.append(scalar)
            }
        }
        return string
    }

    @Test("survive being written and read, by hand and through Codable", arguments: 0..<300 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = value(depth: 4, &random)
        let text = value.json()
        #expect(try JSONValue(json: text) == value)
        #expect(try decodeJSON(JSONValue.self, from: try encodeJSON(value)) == value)
        try validateJSON(text)
        _ = try JSONSerialization.jsonObject(with: Data(text), options: .fragmentsAllowed)
    }

    /// Changes a byte, removes some, doubles some or moves some.
    private func mutate(_ text: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        guard !text.isEmpty else { return text }
        var text = text
        let place = Int.random(in: 0..<text.count, using: &random)
        let end = min(text.count, place + Int.random(in: 0..<4, using: &random))
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text[place] = UInt8.random(in: 0...255, using: &random)
        case 1: text.removeSubrange(place..<end)
        case 2: text.insert(contentsOf: text[place..<end], at: place)
        default: text[place] = Array("\"\\{}[]:,0-+.eu\u{1}".utf8).randomElement(using: &random) ?? 0
        }
        return text
    }

    private func isAccepted(_ body: () throws -> Void) -> Bool { (try? body()) != nil }

    @Test(
        "with mistakes in them: validator and reader agree, and no accepted text is unknown to Foundation",
        arguments: 0..<100 as Range<UInt64>
    )
    func mutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed + 1_000)
        let original = JSONValue.object(["a": value(depth: 3, &random), "b": value(depth: 3, &random)]).json()
        for _ in 0..<200 {
            var text = original
            for _ in 0..<Int.random(in: 1...3, using: &random) { text = mutate(text, &random) }
            let isValid = isAccepted { try validateJSON(text) }
            let (isRead, code) = readOutcome(text)
            // The value's reader alone minds equal keys and numbers that no double holds.
            #expect(isValid == isRead || code == .mismatch || hasDuplicateKeys(text), "\(text)")
            if isRead {
                #expect(try JSONValue(json: JSONValue(json: text).json()) == JSONValue(json: text))
                #expect(isAccepted { _ = try JSONSerialization.jsonObject(with: Data(text)) }, "\(text)")
            }
        }
    }

    private func readOutcome(_ text: [UInt8]) -> (isRead: Bool, code: JSONError.Code?) {
        do {
            _ = try JSONValue(json: text)
            return (true, nil)
        } catch { return (false, error.code) }
    }

    private func hasDuplicateKeys(_ text: [UInt8]) -> Bool {
        do {
            _ = try JSONValue(json: text)
            return false
        } catch { return error.message.hasPrefix("duplicate key") }
    }
}
