public import JSONRPC

/// A piece of a CSV file with measurements: some of its records, whole.
public struct ImportPiece: Codable, Equatable, RPCPayload {
    /// Records a piece may hold.
    public static let maximumRecords = 10_000

    /// The names in the file's first record.
    public var columns: [String]
    /// Records as the file has them, without the first one.
    public var text: String
    /// The line of the file on which `text` begins; 2 when left out.
    public var firstLine: Int?
    /// The column of a field, for fields whose column has another name; other columns are passed over.
    public var mapping: [String: String]?
    /// The ids of targets by their names, for rows that have no `target_id`.
    public var targets: [String: TargetID]?
    /// Whether everything is checked and nothing stored; it is stored when left out.
    public var dryRun: Bool?

    enum CodingKeys: String, CodingKey {
        case columns, text, mapping, targets
        case firstLine = "first_line"
        case dryRun = "dry_run"
    }

    public init(
        columns: [String],
        text: String,
        firstLine: Int? = nil,
        mapping: [String: String]? = nil,
        targets: [String: TargetID]? = nil,
        dryRun: Bool? = nil
    ) {
        self.columns = columns
        self.text = text
        self.firstLine = firstLine
        self.mapping = mapping
        self.targets = targets
        self.dryRun = dryRun
    }
}

/// What became of a piece, or would have.
public struct ImportReport: Codable, Equatable, RPCPayload {
    /// Rows that are told of by line; `refused` counts all of them.
    public static let maximumProblems = 100

    public struct Problem: Codable, Equatable, Sendable {
        /// The line on which the row begins.
        public var line: Int
        /// Left out when it is the row as a whole.
        public var field: MeasurementField?
        public var message: String

        public init(line: Int, field: MeasurementField? = nil, message: String) {
            self.line = line
            self.field = field
            self.message = message
        }
    }

    /// Rows that are new.
    public var stored: Int
    /// Rows that had been stored before, or stand in the piece twice.
    public var duplicates: Int
    /// Rows that are wrong, and were left out.
    public var refused: Int
    /// The first hundred of them.
    public var errors: [Problem]

    public init(stored: Int = 0, duplicates: Int = 0, refused: Int = 0, errors: [Problem] = []) {
        self.stored = stored
        self.duplicates = duplicates
        self.refused = refused
        self.errors = errors
    }
}

extension RPCMethod where Params == ImportPiece, Result == ImportReport {
    /// Throws `busy` with `retry_after_ms` when the queue is full; the same piece can be sent again whatever became of
    /// it.
    public static var importMeasurements: Self {
        Self(
            "measurement.import",
            "Stores measurements from a piece of a CSV file, each once; rows that are wrong are left out.",
            of: .store,
            access: .editor,
            rest: .post("/measurements/import"),
            isIdempotent: true
        )
    }
}
