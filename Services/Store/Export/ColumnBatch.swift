import Contracts
import JSON

/// Rows as arrays of one type each, which is what Arrow and Parquet are made of.
struct ColumnBatch: Sendable {
    private let fields: [MeasurementField]
    private var columns: [JSONWriter]

    init(_ fields: [MeasurementField]) {
        self.fields = fields
        columns = fields.map { _ in
            var column = JSONWriter(capacity: 64)
            column.beginArray()
            return column
        }
    }

    var byteCount: Int { columns.reduce(0) { $0 + $1.bytes.count } }

    mutating func append(_ row: MeasurementRow, _ key: SeriesKey) {
        for (index, field) in fields.enumerated() { Self.write(field, row, key, to: &columns[index]) }
    }

    private static func write(
        _ field: MeasurementField,
        _ row: MeasurementRow,
        _ key: SeriesKey,
        to column: inout JSONWriter
    ) {
        switch field {
        case .timestamp: column.int64(row.timestamp.microseconds)
        case .latency:
            if let latency = row.latency { column.double(latency) } else { column.null() }
        case .sent: column.int(row.sent)
        case .received: column.int(row.received)
        default:
            if let text = field.text(row, key) { column.string(text) } else { column.null() }
        }
    }

    /// One line: an object of equally long arrays.
    var line: [UInt8] {
        var writer = JSONWriter(capacity: byteCount + 256)
        writer.beginObject()
        for (field, var column) in zip(fields, columns) {
            column.endArray()
            writer.key(named: field.rawValue)
            writer.raw(column.bytes)
        }
        writer.endObject()
        writer.newline()
        return writer.bytes
    }

    /// The first line: the columns' names and types, in the words of Arrow.
    var schema: [UInt8] {
        let fields = fields.map { field -> JSONValue in
            ["name": .string(field.rawValue), "type": .string(field.columnType), "nullable": .bool(field.isNullable)]
        }
        return JSONValue.object(["schema": .array(fields)]).json() + [UInt8(ascii: "\n")]
    }
}

extension MeasurementField {
    fileprivate var columnType: String {
        switch self {
        case .timestamp: "timestamp[us, tz=UTC]"
        case .latency: "double"
        case .sent, .received: "int64"
        default: "string"
        }
    }

    fileprivate var isNullable: Bool {
        switch self {
        case .latency, .reason, .endpoint: true
        default: false
        }
    }
}
