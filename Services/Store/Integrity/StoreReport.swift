import Database

/// What a check of a store's database came to.
public struct StoreReport: Codable, Equatable, Sendable {
    /// Faults that are told of one by one; more are counted alone.
    private static let shownFaults = 100

    public internal(set) var series = 0
    public internal(set) var chunks = 0
    /// Measurements in chunks.
    public internal(set) var rows = 0
    /// Hours and days.
    public internal(set) var rollups = 0
    /// Days of a series of which minutes are left.
    public internal(set) var minutes = 0
    /// Commits in the log that were looked at, and their measurements that are not in chunks yet.
    public internal(set) var commits = 0
    public internal(set) var waitingRows = 0
    public private(set) var faultCount = 0
    /// What is wrong, and with what.
    public private(set) var faults: [String] = []

    mutating func fault(_ text: String) {
        faultCount += 1
        if faults.count < Self.shownFaults { faults.append(text) }
    }

    /// What is damaged is a fault, and the rest is looked at all the same.
    mutating func attempt(_ subject: String, _ body: (inout Self) throws -> Void) throws {
        do {
            try body(&self)
        } catch let error as DatabaseError where error.code == .corrupt {
            fault("\(subject): \(error.message)")
        }
    }

    /// For a person to read.
    public var text: String {
        let counts = """
            checked \(series) series, \(chunks) chunks with \(rows) rows, \(rollups) roll-ups, \(minutes) days of minutes
            and \(commits) commits of the log with \(waitingRows) rows that are not in chunks yet

            """
        guard faultCount > 0 else { return counts + "no fault\n" }
        let lines = faults.map { "fault: \($0)\n" }.joined()
        let rest = faultCount > faults.count ? "and \(faultCount - faults.count) more\n" : ""
        return counts + lines + rest
    }

    private enum CodingKeys: String, CodingKey {
        case series, chunks, rows, rollups, minutes, commits, faults
        case waitingRows = "waiting_rows"
        case faultCount = "fault_count"
    }
}
