import CSV
import Contracts
import JSONRPC

/// Which column of a file holds which field.
struct ImportLayout: Sendable {
    private static let required: [MeasurementField] = [.timestamp, .target, .type, .status]

    private let places: [MeasurementField: Int]
    let columnCount: Int

    /// Throws `invalidParams` when columns are named twice, a mapping leads nowhere, or a field is missing that every
    /// row needs.
    init(_ columns: [String], _ mapping: [String: String]) throws(RPCError) {
        do throws(CSVError) {
            _ = try CSVHeader(columns)
        } catch {
            throw invalid("columns", "are wrong: \(error.message)")
        }
        try checkNumber(columns.count, "columns", 1...CSVLimits().columns)
        var places: [MeasurementField: Int] = [:]
        for field in MeasurementField.allCases { places[field] = columns.firstIndex(of: field.rawValue) }
        for (name, column) in mapping.sorted(by: { $0.key < $1.key }) {
            guard let field = MeasurementField(rawValue: name) else {
                throw invalid("mapping", "has \"\(name)\", which is no field of a measurement")
            }
            guard let place = columns.firstIndex(of: column) else {
                throw invalid("mapping", "takes \(name) from \"\(column)\", which is no column")
            }
            places[field] = place
        }
        for field in Self.required where places[field] == nil {
            throw invalid("columns", "have no \(field.rawValue); say with mapping which one it is")
        }
        self.places = places
        columnCount = columns.count
    }

    /// What a record has for a field; `nil` when the file has no such column, or nothing in it.
    func text(_ field: MeasurementField, of record: CSVRecord) -> String? {
        guard let place = places[field], !record.fields[place].isEmpty else { return nil }
        return field.isText ? FormulaGuard.removed(from: record.fields[place]) : record.fields[place]
    }

    func has(_ field: MeasurementField) -> Bool { places[field] != nil }
}
