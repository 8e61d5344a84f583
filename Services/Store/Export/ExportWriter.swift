import CSV
import Contracts
import JSON

/// Writes rows as a file of one format, piece by piece.
struct ExportWriter: Sendable {
    private enum Form: Sendable {
        case csv(CSVWriter)
        case lines(JSONWriter)
        case columns(ColumnBatch)
    }

    private let fields: [MeasurementField]
    private let empty: Form
    private var form: Form
    private(set) var rowCount = 0

    init(_ format: ExportFormat, allFields: Bool, guardsFormulas: Bool) {
        fields = allFields ? MeasurementField.allCases : MeasurementField.canonical
        switch format {
        case .csv: form = .csv(CSVWriter(guardsFormulas: guardsFormulas))
        case .jsonl: form = .lines(JSONWriter(capacity: 4_096))
        case .columns: form = .columns(ColumnBatch(fields))
        }
        empty = form
    }

    var byteCount: Int {
        switch form {
        case .csv(let writer): writer.bytes.count
        case .lines(let writer): writer.bytes.count
        case .columns(let batch): batch.byteCount
        }
    }

    /// What stands before all rows.
    var header: [UInt8] {
        switch empty {
        case .csv(var writer):
            for field in fields { writer.plain(field.rawValue.utf8) }
            writer.endRecord()
            return writer.bytes
        case .lines:
            return []
        case .columns(let batch):
            return batch.schema
        }
    }

    mutating func append(_ row: MeasurementRow, of key: SeriesKey) {
        rowCount += 1
        switch form {
        case .csv(var writer):
            form = empty
            for field in fields { field.write(row, key, to: &writer) }
            writer.endRecord()
            form = .csv(writer)
        case .lines(var writer):
            form = empty
            writer.beginObject()
            for field in fields {
                writer.key(named: field.rawValue)
                field.write(row, key, to: &writer)
            }
            writer.endObject()
            writer.newline()
            form = .lines(writer)
        case .columns(var batch):
            form = empty
            batch.append(row, key)
            form = .columns(batch)
        }
    }

    /// The rows that were appended since the last time.
    mutating func take() -> [UInt8] {
        defer { (form, rowCount) = (empty, 0) }
        switch form {
        case .csv(let writer): return writer.bytes
        case .lines(let writer): return writer.bytes
        case .columns(let batch): return rowCount > 0 ? batch.line : []
        }
    }
}

extension MeasurementField {
    fileprivate func write(_ row: MeasurementRow, _ key: SeriesKey, to writer: inout CSVWriter) {
        switch self {
        case .latency:
            var number = JSONWriter(capacity: 24)
            if let latency = row.latency { number.double(latency) }
            writer.plain(number.bytes)
        case .metadata: writer.text(row.metadata)
        case .timestamp: writer.plain(row.timestamp.description.utf8)
        case .sent: writer.plain("\(row.sent)".utf8)
        case .received: writer.plain("\(row.received)".utf8)
        default:
            let text = text(row, key) ?? ""
            if isText { writer.text(text.utf8) } else { writer.plain(text.utf8) }
        }
    }

    fileprivate func write(_ row: MeasurementRow, _ key: SeriesKey, to writer: inout JSONWriter) {
        switch self {
        case .latency:
            if let latency = row.latency { writer.double(latency) } else { writer.null() }
        case .metadata: writer.raw(row.metadata)
        case .timestamp: writer.string(row.timestamp.description)
        case .sent: writer.int(row.sent)
        case .received: writer.int(row.received)
        default:
            if let text = text(row, key) { writer.string(text) } else { writer.null() }
        }
    }

    /// Of the fields that are texts; `nil` for one that the row has not.
    func text(_ row: MeasurementRow, _ key: SeriesKey) -> String? {
        switch self {
        case .id: row.id.description
        case .target: key.series.target
        case .type: key.series.type.rawValue
        case .status: row.status.name
        case .metadata: String(decoding: row.metadata, as: UTF8.self)
        case .origin: key.origin
        case .reason: row.reason.name
        case .targetID: key.series.targetID.rawValue
        case .checkID: key.series.checkID.rawValue
        case .agentID: key.agentID.rawValue
        case .endpoint: key.series.endpoint.isEmpty ? nil : key.series.endpoint
        case .timestamp, .latency, .sent, .received: nil
        }
    }
}
