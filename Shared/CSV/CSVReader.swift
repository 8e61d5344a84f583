/// One record: its fields without quotes, and where it stood.
public struct CSVRecord: Equatable, Sendable {
    public var fields: [String]
    /// The line on which it begins.
    public var line: Int
    /// Bytes of the text up to its end, its line break included.
    public var end: Int
}

/// Reads CSV (RFC 4180, section 2) as its bytes come: strictly, in one pass, and keeping one record.
///
/// Lines end with CR LF, LF or CR, which may change from one to the next. Empty lines are passed over. A byte order
/// mark at the beginning is too.
public struct CSVReader: Sendable {
    private enum State {
        case recordStart, fieldStart, plain, quoted
        /// Behind a quote within quotes: the end of the field, or the first of two.
        case quote
        /// Behind a CR that ended a record, to which an LF belongs.
        case carriageReturn
    }

    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// The line of the next byte.
    public private(set) var line: Int
    private let limits: CSVLimits
    private var state = State.recordStart
    private var offset = 0
    /// The first bytes, as long as they may be a byte order mark.
    private var prefix: [UInt8]?
    private var isBehindCarriageReturn = false
    private var recordLine = 1
    private var recordBytes = 0
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var failure: CSVError?

    public init(limits: CSVLimits = CSVLimits()) {
        self.limits = limits
        line = 1
        prefix = []
    }

    /// Reads on in the middle of a text, at the record that begins on `line`.
    public init(continuingAt line: Int, limits: CSVLimits = CSVLimits()) {
        self.limits = limits
        self.line = line
    }

    /// Reads more bytes and adds the records that end in them.
    ///
    /// What was read before a fault is added; after one nothing is read.
    public mutating func read(_ bytes: some Sequence<UInt8>, into records: inout [CSVRecord]) throws(CSVError) {
        if let failure { throw failure }
        do throws(CSVError) {
            for byte in bytes { try take(byte, &records) }
        } catch {
            failure = error
            throw error
        }
    }

    /// Adds the last record, when no line break ends it.
    public mutating func finish(into records: inout [CSVRecord]) throws(CSVError) {
        if let failure { throw failure }
        if let start = prefix {
            prefix = nil
            offset -= start.count
            for byte in start { try pass(byte, &records) }
        }
        switch state {
        case .recordStart: break
        case .carriageReturn: end(at: offset, &records)
        case .quoted: throw CSVError(.malformed, line: recordLine, "a quote is opened here and never closed")
        case .fieldStart, .plain, .quote:
            try endField()
            end(at: offset, &records)
        }
    }

    private mutating func take(_ byte: UInt8, _ records: inout [CSVRecord]) throws(CSVError) {
        guard var start = prefix else { return try pass(byte, &records) }
        start.append(byte)
        guard !Self.mark.starts(with: start) else {
            offset += 1
            prefix = start.count == Self.mark.count ? nil : start
            return
        }
        prefix = nil
        guard start != [0xff], start != [0xfe] else {
            throw CSVError(.encoding, line: 1, "this is UTF-16 or no text at all; save it as UTF-8")
        }
        offset -= start.count - 1
        for byte in start { try pass(byte, &records) }
    }

    private mutating func pass(_ byte: UInt8, _ records: inout [CSVRecord]) throws(CSVError) {
        guard byte != 0 else {
            throw CSVError(.encoding, line: line, "has a NUL, which no text has; if it is UTF-16, save it as UTF-8")
        }
        offset += 1
        if state == .carriageReturn {
            end(at: byte == UInt8(ascii: "\n") ? offset : offset - 1, &records)
        }
        if state == .recordStart { recordLine = line }
        try step(byte, &records)
        let isLineFeed = byte == UInt8(ascii: "\n")
        if byte == UInt8(ascii: "\r") || isLineFeed && !isBehindCarriageReturn { line += 1 }
        isBehindCarriageReturn = byte == UInt8(ascii: "\r")
    }

    private mutating func step(_ byte: UInt8, _ records: inout [CSVRecord]) throws(CSVError) {
        switch (state, byte) {
        case (.recordStart, UInt8(ascii: "\n")), (.recordStart, UInt8(ascii: "\r")):
            break
        case (.recordStart, UInt8(ascii: "\"")), (.fieldStart, UInt8(ascii: "\"")):
            try count()
            state = .quoted
        case (.quoted, UInt8(ascii: "\"")):
            try count()
            state = .quote
        case (.quoted, _), (.quote, UInt8(ascii: "\"")):
            try keep(byte)
            state = .quoted
        case (_, UInt8(ascii: ",")):
            try count()
            try endField()
            state = .fieldStart
        case (_, UInt8(ascii: "\n")):
            try endField()
            end(at: offset, &records)
        case (_, UInt8(ascii: "\r")):
            try endField()
            state = .carriageReturn
        case (.quote, _):
            throw CSVError(.malformed, line: line, "a closing quote is followed by neither a comma nor a line's end")
        case (_, UInt8(ascii: "\"")):
            throw CSVError(.malformed, line: line, "a quote stands within a field that does not begin with one")
        default:
            try keep(byte)
            state = .plain
        }
    }

    private mutating func count() throws(CSVError) {
        recordBytes += 1
        guard recordBytes <= limits.recordBytes else {
            throw CSVError(.tooLarge, line: recordLine, "a record has more than \(limits.recordBytes) bytes")
        }
    }

    private mutating func keep(_ byte: UInt8) throws(CSVError) {
        try count()
        guard field.count < limits.fieldBytes else {
            throw CSVError(.tooLarge, line: recordLine, "a field has more than \(limits.fieldBytes) bytes")
        }
        field.append(byte)
    }

    private mutating func endField() throws(CSVError) {
        guard fields.count < limits.columns else {
            throw CSVError(.tooLarge, line: recordLine, "has more than \(limits.columns) columns")
        }
        guard let text = String(validating: field, as: UTF8.self) else {
            throw CSVError(.encoding, line: recordLine, "field \(fields.count + 1) is not UTF-8")
        }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
    }

    private mutating func end(at offset: Int, _ records: inout [CSVRecord]) {
        records.append(CSVRecord(fields: fields, line: recordLine, end: offset))
        fields = []
        recordBytes = 0
        state = .recordStart
    }
}
