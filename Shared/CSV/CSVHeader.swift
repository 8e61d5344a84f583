/// The names of a table's columns.
public struct CSVHeader: Equatable, Sendable {
    public let columns: [String]

    /// Throws `.header` for a name that is empty or stands there twice.
    public init(_ record: CSVRecord) throws(CSVError) {
        var known: Set<String> = []
        for (index, name) in record.fields.enumerated() {
            guard !name.isEmpty else {
                throw CSVError(.header, line: record.line, "column \(index + 1) has no name")
            }
            guard known.insert(name).inserted else {
                throw CSVError(.header, line: record.line, "two columns are called \"\(name)\"")
            }
        }
        columns = record.fields
    }
}
