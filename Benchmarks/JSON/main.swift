import Foundation
import JSON

/// The best of several runs, in nanoseconds a call.
func nanoseconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<15 {
        var calls = 0
        let start = clock.now
        repeat {
            try body()
            calls += 1
        } while clock.now - start < .milliseconds(40)
        best = min(best, (clock.now - start) / .nanoseconds(1) / Double(calls))
    }
    return best
}

/// Prints one line of the table and says whether the goal was met.
func report(_ name: String, _ ours: Double, peer: Double, atLeast goal: Double) -> Bool {
    let ratio = peer / ours
    let columns = [name, "\(Int(ours)) ns", "\(Int(peer)) ns", String(format: "%.1f", ratio), "\(goal)"]
    print((columns + [ratio >= goal ? "ok" : "SHORT"]).joined(separator: "  "))
    return ratio >= goal
}

let batch = MeasurementBatch.sample(rows: 1_000)
let text = batch.json(capacity: 128 * 1_024)
let data = Data(text)
let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
let isSame = try MeasurementBatch(json: text) == decoder.decode(MeasurementBatch.self, from: data)
precondition(isSame)

let foundationDecode = try nanoseconds { _ = try decoder.decode(MeasurementBatch.self, from: data) }
let foundationEncode = try nanoseconds { _ = try encoder.encode(batch) }
print("a batch of 1,000 measurements, \(text.count) bytes, against Foundation")
let results = [
    report(
        "decode",
        try nanoseconds { _ = try MeasurementBatch(json: text) },
        peer: foundationDecode,
        atLeast: 12
    ),
    report(
        "encode",
        nanoseconds { _ = batch.json(capacity: 128 * 1_024) },
        peer: foundationEncode,
        atLeast: 10
    ),
    report(
        "validate",
        try nanoseconds { try validateJSON(text) },
        peer: try nanoseconds { _ = try JSONSerialization.jsonObject(with: data) },
        atLeast: 12
    ),
    report(
        "Codable decode",
        try nanoseconds { _ = try decodeJSON(MeasurementBatch.self, from: text) },
        peer: foundationDecode,
        atLeast: 1
    ),
    report("Codable encode", try nanoseconds { _ = try encodeJSON(batch) }, peer: foundationEncode, atLeast: 1),
]
exit(results.allSatisfy(\.self) ? 0 : 1)
