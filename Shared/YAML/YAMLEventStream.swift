import CYAML

/// What comes next in a YAML text.
enum YAMLEvent: Equatable {
    case streamStart, streamEnd
    case documentStart, documentEnd
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
    /// `isPlain`: it stands there without quotes.
    case scalar(String, isPlain: Bool)
}

/// A text as libyaml takes it apart: its parser, and the bytes that this one reads from.
///
/// Nothing that could name code, or repeat a part of the text, gets through: tags, anchors and aliases are refused.
@safe
struct YAMLEventStream: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// `text` is UTF-8; a byte that is not is found when the parser gets there.
    init(_ text: [UInt8]) {
        unsafe parser = .allocate(capacity: 1)
        unsafe bytes = .allocate(capacity: text.count)
        _ = unsafe bytes.initialize(from: text)
        let isMade = unsafe yaml_parser_initialize(parser) == 1
        precondition(isMade, "there is no memory for a parser")
        // Otherwise the first bytes could make it UTF-16.
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe bytes.deallocate()
    }

    /// The next event and where it begins; nothing more may be asked for after the end or an error.
    mutating func next() throws(YAMLError) -> (event: YAMLEvent, place: YAMLPlace) {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw unsafe Self.failure(of: parser, bytes) }
        defer { unsafe yaml_event_delete(&event) }
        let place = unsafe YAMLPlace(event.start_mark)
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, place)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, place)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, place)
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            try unsafe Self.check(anchor: start.anchor, tag: start.tag, at: place)
            return (.sequenceStart, place)
        case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, place)
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            try unsafe Self.check(anchor: start.anchor, tag: start.tag, at: place)
            return (.mappingStart, place)
        case YAML_MAPPING_END_EVENT: return (.mappingEnd, place)
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            try unsafe Self.check(anchor: scalar.anchor, tag: scalar.tag, at: place)
            let text = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = unsafe scalar.style == YAML_PLAIN_SCALAR_STYLE
            return unsafe (.scalar(String(decoding: text, as: UTF8.self), isPlain: isPlain), place)
        case YAML_ALIAS_EVENT:
            throw YAMLError(.refused, "aliases are not taken; write the value out", at: place)
        default: return (.streamEnd, place)
        }
    }

    private static func check(
        anchor: UnsafePointer<UInt8>?,
        tag: UnsafePointer<UInt8>?,
        at place: YAMLPlace
    ) throws(YAMLError) {
        if let tag = unsafe tag {
            throw YAMLError(
                .refused,
                "tags are not taken, and this has \(unsafe String(cString: tag).prefix(64))",
                at: place
            )
        }
        guard unsafe anchor == nil else { throw YAMLError(.refused, "anchors are not taken", at: place) }
    }

    private static func failure(
        of parser: UnsafeMutablePointer<yaml_parser_t>,
        _ bytes: UnsafeMutableBufferPointer<UInt8>
    ) -> YAMLError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
        guard unsafe parser.pointee.error == YAML_READER_ERROR else {
            let place = unsafe YAMLPlace(parser.pointee.problem_mark)
            let advice = unsafe advice(at: place, in: Array(bytes))
            return YAMLError(.malformed, problem + advice, at: place)
        }
        // The reader knows a byte only, since it is ahead of the lines.
        let before = unsafe bytes.prefix(Int(parser.pointee.problem_offset))
        let lines = unsafe Array(before).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let column = lines.last.map { String(decoding: $0, as: UTF8.self).unicodeScalars.count } ?? 0
        return YAMLError(.malformed, problem, at: YAMLPlace(line: max(1, lines.count), column: column + 1))
    }
}

extension YAMLEventStream {
    /// What to do about the characters that people stumble over most often.
    private static func advice(at place: YAMLPlace, in text: [UInt8]) -> String {
        let lines = text.split(
            separator: UInt8(ascii: "\n"),
            maxSplits: place.line,
            omittingEmptySubsequences: false
        )
        guard lines.indices.contains(place.line - 1) else { return "" }
        let line = String(decoding: lines[place.line - 1], as: UTF8.self).unicodeScalars
        switch line.dropFirst(place.column - 1).first {
        case "\t": return "; indent with spaces, not with tabs"
        case "@", "`", "%", ">", "|", "=": return "; a text that begins like this needs quotes"
        default: return ""
        }
    }
}

extension YAMLPlace {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
