import CSV
import Contracts
import JSON
import JSONRPC

/// One record of a file as a measurement, and what it says of its series.
struct ImportedRow: Sendable {
    /// What is wrong with a record.
    struct Fault: Error {
        var field: MeasurementField?
        var message: String

        init(_ field: MeasurementField?, _ message: String) {
            self.field = field
            self.message = message
        }
    }

    /// The id is a placeholder as long as `hasID` is false.
    var row: MeasurementRow
    var hasID: Bool
    var target: String
    var type: CheckType
    var origin: String
    var targetID: TargetID?
    var checkID: CheckID?
    var agentID: AgentID?
    /// `nil` when the file does not tell endpoints apart.
    var endpoint: String?
}

/// Makes rows of records.
struct ImportedRowReader: Sendable {
    let layout: ImportLayout
    let limits: IngestLimits
    /// Times that rows may have: those of days of which rows are kept.
    let times: ClosedRange<Int64>

    func row(_ record: CSVRecord) throws(ImportedRow.Fault) -> ImportedRow {
        guard record.fields.count == layout.columnCount else {
            throw ImportedRow.Fault(nil, "has \(record.fields.count) fields, and the header has \(layout.columnCount)")
        }
        let latency = try latency(record)
        let status = try word(.status, record, MeasurementStatus.allCases, \.name)
        let (sent, received) = try counts(record, latency)
        let id = try uuid(.id, record)
        let row = MeasurementRow(
            id: id ?? .lowest,
            timestamp: try time(record),
            latency: latency,
            status: status,
            reason: try reason(record, status),
            sent: sent,
            received: received,
            metadata: try metadata(record)
        )
        return ImportedRow(
            row: row,
            hasID: id != nil,
            target: try name(.target, record),
            type: try word(.type, record, CheckType.allCases, \.rawValue),
            origin: layout.has(.origin) ? try name(.origin, record) : "import",
            targetID: try uuid(.targetID, record).map { TargetID(rawValue: $0.description) },
            checkID: try uuid(.checkID, record).map { CheckID(rawValue: $0.description) },
            agentID: try uuid(.agentID, record).map { AgentID(rawValue: $0.description) },
            endpoint: try endpoint(record)
        )
    }

    private func required(_ field: MeasurementField, _ record: CSVRecord) throws(ImportedRow.Fault) -> String {
        guard let text = layout.text(field, of: record) else { throw ImportedRow.Fault(field, "is empty") }
        return text
    }

    private func time(_ record: CSVRecord) throws(ImportedRow.Fault) -> Timestamp {
        let text = try required(.timestamp, record)
        guard let time = Timestamp(text) ?? Timestamp(digits: text) else {
            throw ImportedRow.Fault(
                .timestamp,
                "is neither a time such as \(Timestamp.placeholder) nor whole seconds, milliseconds or microseconds"
            )
        }
        guard time.microseconds <= times.upperBound else {
            throw ImportedRow.Fault(.timestamp, "is more than \(limits.clockAhead) ahead of this clock")
        }
        guard times.contains(time.microseconds) else {
            let oldest = Timestamp(microseconds: times.lowerBound)
            throw ImportedRow.Fault(.timestamp, "is older than what is kept, which begins at \(oldest)")
        }
        return time
    }

    private func name(_ field: MeasurementField, _ record: CSVRecord) throws(ImportedRow.Fault) -> String {
        let text = try required(field, record)
        do throws(RPCError) {
            try checkText(text, field.rawValue, 1...200)
        } catch {
            throw ImportedRow.Fault(field, String(error.message.dropFirst(field.rawValue.count + 1)))
        }
        return text
    }

    private func endpoint(_ record: CSVRecord) throws(ImportedRow.Fault) -> String? {
        guard layout.has(.endpoint) else { return nil }
        guard let text = layout.text(.endpoint, of: record) else { return "" }
        guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ImportedRow.Fault(.endpoint, "must have at most 64 ASCII characters and no spaces")
        }
        return text
    }

    private func word<Word>(
        _ field: MeasurementField,
        _ record: CSVRecord,
        _ words: [Word],
        _ name: (Word) -> String
    ) throws(ImportedRow.Fault) -> Word {
        let text = try required(field, record)
        guard let word = words.first(where: { name($0) == text }) else {
            throw ImportedRow.Fault(field, "must be one of \(words.map(name).joined(separator: ", "))")
        }
        return word
    }

    private func reason(
        _ record: CSVRecord,
        _ status: MeasurementStatus
    ) throws(ImportedRow.Fault) -> FailureReason {
        guard let text = layout.text(.reason, of: record) else { return status == .timeout ? .timeout : .none }
        guard let reason = FailureReason.allCases.first(where: { $0.name == text }) else {
            throw ImportedRow.Fault(.reason, "must be one that measurements have, such as timeout")
        }
        guard status != .success else { throw ImportedRow.Fault(.reason, "must be empty, since status is success") }
        return reason
    }

    private func latency(_ record: CSVRecord) throws(ImportedRow.Fault) -> Double? {
        guard let text = layout.text(.latency, of: record) else { return nil }
        let isNumber = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains(byte)
        }
        guard isNumber, let value = Double(text) else {
            throw ImportedRow.Fault(.latency, "is no number of milliseconds")
        }
        if let fault = IngestLimits.fault(ofLatency: value) { throw ImportedRow.Fault(.latency, fault) }
        return value
    }

    private func counts(
        _ record: CSVRecord,
        _ latency: Double?
    ) throws(ImportedRow.Fault) -> (sent: Int, received: Int) {
        let sent = try count(.sent, record) ?? 1
        let received = try count(.received, record) ?? (latency == nil ? 0 : min(sent, 1))
        guard received <= sent else { throw ImportedRow.Fault(.received, "is more than sent") }
        return (sent, received)
    }

    private func count(_ field: MeasurementField, _ record: CSVRecord) throws(ImportedRow.Fault) -> Int? {
        guard let text = layout.text(field, of: record) else { return nil }
        guard let count = Int(text), (0...MeasurementRow.maximumSent).contains(count) else {
            throw ImportedRow.Fault(field, "must be a whole number from 0 to \(MeasurementRow.maximumSent)")
        }
        return count
    }

    private func uuid(_ field: MeasurementField, _ record: CSVRecord) throws(ImportedRow.Fault) -> UUIDv7? {
        guard let text = layout.text(field, of: record) else { return nil }
        guard let uuid = UUIDv7(text) else { throw ImportedRow.Fault(field, "is no UUID") }
        return uuid
    }

    private func metadata(_ record: CSVRecord) throws(ImportedRow.Fault) -> [UInt8] {
        guard let text = layout.text(.metadata, of: record) else { return Array("{}".utf8) }
        var bytes = Array(text.utf8)
        do throws(JSONError) {
            let value = try JSONValue(json: bytes)
            // A stream has one document a line, so none may be broken.
            let isBroken = bytes.contains { $0 < 0x20 }
            if isBroken || bytes.first == 0x20 || bytes.last == 0x20 { bytes = value.json() }
        } catch {
            throw ImportedRow.Fault(.metadata, "is not JSON: \(error.message)")
        }
        if let fault = limits.fault(ofMetadata: bytes.count) { throw ImportedRow.Fault(.metadata, fault) }
        return bytes
    }
}

extension Timestamp {
    /// Whole seconds, milliseconds or microseconds since 1970, told apart by how many they are: this century has less
    /// than 10^11 seconds, and had 10^11 milliseconds and 10^14 microseconds before it began.
    fileprivate init?(digits text: String) {
        guard let number = Int64(text), number >= 0 else { return nil }
        switch number {
        case ..<100_000_000_000: self.init(microseconds: number * 1_000_000)
        case ..<100_000_000_000_000: self.init(microseconds: number * 1_000)
        default: self.init(microseconds: number)
        }
    }
}
