import Packing

/// The fields of a message of Protocol Buffers, in their order: a reader for tests alone.
struct ProtobufFields {
    enum Value: Equatable {
        case integer(UInt64)
        case double(Double)
        case bytes([UInt8])
    }

    var fields: [(number: UInt64, value: Value)] = []

    init(_ bytes: [UInt8]) throws {
        var reader = PackedReader(bytes)
        while !reader.isAtEnd {
            let key = try reader.number()
            switch key & 7 {
            case 0: fields.append((key >> 3, .integer(try reader.number())))
            case 1: fields.append((key >> 3, .double(try reader.real())))
            case 2: fields.append((key >> 3, .bytes(Array(try reader.data()))))
            default: throw PackingError(.malformed, "an unknown kind of field")
            }
        }
    }

    func messages(_ number: UInt64) throws -> [ProtobufFields] {
        try fields.compactMap { field in
            guard field.number == number, case .bytes(let bytes) = field.value else { return nil }
            return try ProtobufFields(bytes)
        }
    }

    func text(_ number: UInt64) -> String? {
        for field in fields where field.number == number {
            if case .bytes(let bytes) = field.value { return String(validating: bytes, as: UTF8.self) }
        }
        return nil
    }
}

/// A series of a request of remote write, as a receiver reads it.
struct WrittenSeries {
    var labels: [(name: String, value: String)]
    var value: Double
    var milliseconds: UInt64

    var name: String? { self["__name__"] }

    subscript(name: String) -> String? { labels.first { $0.name == name }?.value }

    static func all(in body: [UInt8]) throws -> [WrittenSeries] {
        let message = try ProtobufFields(try Snappy.contents(of: body, limit: 32 << 20))
        return try message.messages(1).map { series in
            let labels = try series.messages(1).map { ($0.text(1) ?? "", $0.text(2) ?? "") }
            let samples = try series.messages(2)
            guard samples.count == 1, case .double(let value) = samples[0].fields[0].value,
                case .integer(let time) = samples[0].fields[1].value
            else { throw PackingError(.malformed, "not one sample") }
            return WrittenSeries(labels: labels, value: value, milliseconds: time)
        }
    }
}
