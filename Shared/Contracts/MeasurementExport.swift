public import JSONRPC

/// What a file of measurements looks like.
public enum ExportFormat: String, Codable, Sendable, CaseIterable, JSONSchemaProviding {
    /// A header and a record a row (RFC 4180).
    case csv
    /// A JSON object a line and row.
    case jsonl
    /// A JSON object a line: the schema first, then many rows each, as arrays of one length and one type each.
    case columns

    public var contentType: String {
        self == .csv ? "text/csv; charset=utf-8; header=present" : "application/x-ndjson"
    }

    public var fileExtension: String { self == .csv ? "csv" : "jsonl" }
}

/// Which measurements, oldest first, and how.
public struct ExportFilter: Codable, Equatable, RPCPayload {
    /// All targets, when left out.
    public var targetIDs: [TargetID]?
    /// Targets that have all these labels, such as `site=vienna,floor=3`.
    public var labels: String?
    public var checkID: CheckID?
    public var agentID: AgentID?
    /// Of the rows, which may be traces that a failed check of another type had made; all, when left out.
    public var types: [CheckType]?
    /// `success`, `timeout` or `error`.
    public var status: String?
    /// Why they failed, as in `Measurement`.
    public var reason: String?
    /// Inclusive; an hour before `to` when left out.
    public var from: Timestamp?
    /// Exclusive; now when left out.
    public var to: Timestamp?
    /// Takes targets, types and times from a session, where none are given here.
    public var sessionID: SessionID?
    /// `csv` when left out.
    public var format: ExportFormat?
    /// Whether all fields are wanted, and not the eight of the canonical row alone.
    public var allFields: Bool?
    /// Whether texts that a spreadsheet would run as formulas get an apostrophe in front, in CSV; they do when left out.
    public var formulaGuard: Bool?
    /// Goes on after the piece that had this cursor, without a header.
    public var cursor: String?

    enum CodingKeys: String, CodingKey {
        case labels, types, status, reason, from, to, format, cursor
        case targetIDs = "target_ids"
        case checkID = "check_id"
        case agentID = "agent_id"
        case sessionID = "session_id"
        case allFields = "all_fields"
        case formulaGuard = "formula_guard"
    }

    public init(
        targetIDs: [TargetID]? = nil,
        types: [CheckType]? = nil,
        from: Timestamp? = nil,
        to: Timestamp? = nil,
        sessionID: SessionID? = nil,
        format: ExportFormat? = nil,
        allFields: Bool? = nil
    ) {
        self.targetIDs = targetIDs
        self.types = types
        self.from = from
        self.to = to
        self.sessionID = sessionID
        self.format = format
        self.allFields = allFields
    }
}

/// A file that is about to come, piece by piece; what a streaming method with a REST route answers with.
public struct Download: Codable, Equatable, RPCPayload {
    public var contentType: String
    public var fileName: String

    enum CodingKeys: String, CodingKey {
        case contentType = "content_type"
        case fileName = "file_name"
    }

    public init(contentType: String, fileName: String) {
        self.contentType = contentType
        self.fileName = fileName
    }
}

/// A piece of a file: whole lines.
public struct DownloadPiece: Codable, Equatable, RPCPayload {
    public var text: String
    /// Rows in it.
    public var rows: Int
    /// Left out before the first row.
    public var cursor: String?

    public init(text: String, rows: Int, cursor: String? = nil) {
        self.text = text
        self.rows = rows
        self.cursor = cursor
    }
}

extension RPCStreamMethod where Params == ExportFilter, Result == Download, Element == DownloadPiece {
    public static var exportMeasurements: Self {
        Self(
            "measurement.export",
            "Streams measurements as a file, oldest first.",
            of: .store,
            access: .viewer,
            rest: .get("/measurements/export")
        )
    }
}
