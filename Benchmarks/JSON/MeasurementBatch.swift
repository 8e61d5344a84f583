import JSON

/// A columnar batch of measurements as agents send it: one array a field, one place in it a row.
struct MeasurementBatch: Codable, Equatable {
    var ids: [String] = []
    var timestamps: [Int] = []
    var latencies: [Double] = []
    var statuses: [String] = []
    var targets: [String] = []

    static func sample(rows: Int) -> MeasurementBatch {
        var random = SystemRandomNumberGenerator()
        var batch = MeasurementBatch()
        for row in 0..<rows {
            batch.ids.append(uuid(using: &random))
            batch.timestamps.append(1_763_600_000_000_000 + row * 1_009)
            batch.latencies.append(Double(Int.random(in: 100..<250_000, using: &random)) / 1_000)
            batch.statuses.append(row % 50 == 0 ? "timeout" : "success")
            batch.targets.append("edge-\(row % 97)")
        }
        return batch
    }

    private static func uuid(using random: inout some RandomNumberGenerator) -> String {
        let digits = (0..<32).map { _ in String(Int.random(in: 0..<16, using: &random), radix: 16) }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { digits[$0].joined() }.joined(separator: "-")
    }
}

extension MeasurementBatch: JSONCodable {
    init(from reader: inout JSONReader) throws(JSONError) {
        try reader.beginObject()
        while let key = try reader.nextKey() {
            switch key {
            case "ids": try reader.strings(into: &ids)
            case "timestamps": try reader.ints(into: &timestamps)
            case "latencies": try reader.doubles(into: &latencies)
            case "statuses": try reader.strings(into: &statuses)
            case "targets": try reader.strings(into: &targets)
            default: try reader.skip()
            }
        }
    }

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("ids")
        writer.strings(ids)
        writer.key("timestamps")
        writer.ints(timestamps)
        writer.key("latencies")
        writer.doubles(latencies)
        writer.key("statuses")
        writer.strings(statuses)
        writer.key("targets")
        writer.strings(targets)
        writer.endObject()
    }
}
