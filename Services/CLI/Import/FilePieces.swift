import CSV

/// Cuts a CSV file into pieces of whole records as its bytes come.
struct FilePieces {
    struct Piece: Equatable {
        /// As the file has it.
        var text: String
        /// The line on which it begins.
        var firstLine: Int
        var records: Int
        /// What its records have in the column of targets.
        var targets: Set<String> = []
    }

    /// Twice that fits into a request, since a quote takes two bytes in JSON.
    private static let pieceBytes = 256 << 10
    private static let pieceRecords = 2_000

    private(set) var header: CSVHeader?
    private let targetColumn: String
    private var targetPlace: Int?
    private var reader = CSVReader()
    /// What belongs to no finished piece, and where it begins in the file.
    private var bytes: [UInt8] = []
    private var start = 0
    /// The end of the last record of the piece under way.
    private var end = 0
    private var piece: Piece?

    init(targetColumn: String) {
        self.targetColumn = targetColumn
    }

    /// Takes more of the file, and gives the pieces that are whole with it.
    ///
    /// What was whole before a fault is given at the next call, so a fault is to be taken for the end of the file.
    mutating func add(_ more: some Collection<UInt8>, to pieces: inout [Piece]) throws(CSVError) {
        bytes += more
        var records: [CSVRecord] = []
        do throws(CSVError) {
            try reader.read(more, into: &records)
        } catch {
            try take(records, into: &pieces)
            finishPiece(&pieces)
            throw error
        }
        try take(records, into: &pieces)
    }

    /// The end of the file.
    mutating func finish(_ pieces: inout [Piece]) throws(CSVError) {
        var records: [CSVRecord] = []
        defer { finishPiece(&pieces) }
        try reader.finish(into: &records)
        try take(records, into: &pieces)
    }

    private mutating func take(_ records: [CSVRecord], into pieces: inout [Piece]) throws(CSVError) {
        for record in records {
            guard header != nil else {
                try takeHeader(record)
                continue
            }
            if record.end - start > Self.pieceBytes { finishPiece(&pieces) }
            var current = piece ?? Piece(text: "", firstLine: record.line, records: 0)
            current.records += 1
            if let place = targetPlace, place < record.fields.count {
                current.targets.insert(FormulaGuard.removed(from: record.fields[place]))
            }
            piece = current
            end = record.end
            if current.records == Self.pieceRecords { finishPiece(&pieces) }
        }
    }

    private mutating func takeHeader(_ record: CSVRecord) throws(CSVError) {
        let header = try CSVHeader(record.fields, line: record.line)
        self.header = header
        targetPlace = header.columns.firstIndex(of: targetColumn)
        end = record.end
        drop()
    }

    private mutating func finishPiece(_ pieces: inout [Piece]) {
        guard var piece else { return }
        self.piece = nil
        // Empty lines before the first record are not counted in `firstLine`.
        let text = bytes[..<(end - start)].drop { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
        piece.text = String(decoding: text, as: UTF8.self)
        pieces.append(piece)
        drop()
    }

    private mutating func drop() {
        bytes.removeFirst(end - start)
        start = end
    }
}
