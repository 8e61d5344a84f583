/// The names of a table's columns.
public struct CSVHeader: Equatable, Sendable {
    public let columns: [String]

    /// Throws `.header` for a name that is empty or stands there twice.
    public init(_ columns: [String], line: Int = 1) throws(CSVError) {
        var known: Set<String> = []
        for (index, name) in columns.enumerated() {
            guard !name.isEmpty else {
                throw CSVError(.header, line: line, "column \(index + 1) has no name")
            }
            guard known.insert(name).inserted else {
                throw CSVError(.header, line: line, "two columns are called \"\(name)\"")
            }
        }
        self.columns = columns
    }
}
