/// Writes a value of any `Encodable` type as JSON text.
///
/// Throws `JSONError(.mismatch)` with the value's path at a number that is not finite, and whatever the value throws.
public func encodeJSON(_ value: some Encodable) throws -> [UInt8] {
    let text = JSONEncoding()
    try text.encode(value)
    return text.finish()
}

/// A text being written, or the part of one that a nested container fills later.
///
/// Confined to the call of `encodeJSON` that made it.
final class JSONEncoding {
    enum Container { case object, array }

    var writer = JSONWriter()
    /// What each encoder that is at work writes, innermost last, and where; `nil` while it has opened no container.
    private var encoders: [(container: Container?, start: Int)] = []
    /// Containers that others write to while this one goes on: they get a part of their own, put in place at the end.
    private var parts: [(offset: Int, part: JSONEncoding)] = []
    private(set) var path: [any CodingKey]

    init(path: [any CodingKey] = []) { self.path = path }

    func encode<T: Encodable>(_ value: T, at key: (any CodingKey)? = nil) throws {
        // The common leaves and arrays, without an encoder each.
        if T.self == String.self, let value = value as? String { return writer.string(value) }
        if T.self == Int.self, let value = value as? Int { return writer.int(value) }
        if T.self == Double.self, let value = value as? Double { return try double(value, at: key) }
        if T.self == Bool.self, let value = value as? Bool { return writer.bool(value) }
        if writeColumn(value) { return }
        if let key { path.append(key) }
        defer { if key != nil { path.removeLast() } }
        let encoder = begin()
        try value.encode(to: encoder)
        end()
    }

    /// Writes the common arrays at once; returns `false` when this is none, or when an element is to be named in an error.
    private func writeColumn<T>(_ value: T) -> Bool {
        if T.self == [String].self, let column = value as? [String] {
            writer.strings(column)
        } else if T.self == [Int].self, let column = value as? [Int] {
            writer.ints(column)
        } else if T.self == [[Int]].self, let columns = value as? [[Int]] {
            writer.elements(columns)
        } else if T.self == [Double].self, let column = value as? [Double], column.allSatisfy(\.isFinite) {
            writer.doubles(column)
        } else if T.self == [Double?].self, let column = value as? [Double?],
            column.allSatisfy({ $0?.isFinite ?? true })
        {
            writer.doubles(column)
        } else {
            return false
        }
        return true
    }

    /// Takes back what `body` wrote if it throws, for the sake of a value that goes on after an error.
    func attempt(_ body: () throws -> Void) throws {
        let (count, needsComma) = (writer.bytes.count, writer.needsComma)
        let (encoderCount, partCount) = (encoders.count, parts.count)
        do {
            try body()
        } catch {
            writer.bytes.removeLast(writer.bytes.count - count)
            writer.needsComma = needsComma
            encoders.removeLast(encoders.count - encoderCount)
            parts.removeLast(parts.count - partCount)
            throw error
        }
    }

    func begin() -> JSONStreamEncoder {
        encoders.append((nil, writer.bytes.count))
        return JSONStreamEncoder(text: self, level: encoders.count - 1)
    }

    /// Closes the innermost encoder's container; one that wrote nothing has written an empty object.
    func end() {
        let encoder = encoders.removeLast()
        switch encoder.container {
        case .object: writer.endObject()
        case .array: writer.endArray()
        case nil: if writer.bytes.count == encoder.start { writer.raw("{}") }
        }
    }

    func open(_ container: Container, at level: Int) {
        precondition(level == encoders.count - 1, "an encoder was used after its value was written")
        if let opened = encoders[level].container {
            precondition(opened == container, "a value asked for containers of two kinds")
            return
        }
        encoders[level].container = container
        switch container {
        case .object: writer.beginObject()
        case .array: writer.beginArray()
        }
    }

    /// A part that will stand where the next value would.
    func part(at key: any CodingKey) -> JSONStreamEncoder {
        let part = JSONEncoding(path: path + [key])
        writer.writeComma()
        writer.needsComma = true
        parts.append((writer.bytes.count, part))
        return part.begin()
    }

    func finish() -> [UInt8] {
        while !encoders.isEmpty { end() }
        guard !parts.isEmpty else { return writer.bytes }
        var text: [UInt8] = []
        var start = 0
        for (offset, part) in parts {
            text += writer.bytes[start..<offset]
            text += part.finish()
            start = offset
        }
        return text + writer.bytes[start...]
    }

    func double(_ value: Double, at key: (any CodingKey)? = nil) throws(JSONError) {
        guard value.isFinite else {
            let place = key.map { path + [$0] } ?? path
            throw .mismatch("JSON has no infinity and no NaN", path: place, at: writer.bytes.count)
        }
        writer.double(value)
    }

    func float(_ value: Float, at key: (any CodingKey)? = nil) throws(JSONError) {
        guard value.isFinite else { return try double(Double(value), at: key) }
        // Its own shortest text, which is shorter than that of the same number as a double.
        writer.raw(value.description.utf8)
    }
}

struct JSONStreamEncoder: Encoder {
    let text: JSONEncoding
    let level: Int

    var codingPath: [any CodingKey] { text.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        text.open(.object, at: level)
        return KeyedEncodingContainer(JSONKeyedEncoding(text: text))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        text.open(.array, at: level)
        return JSONUnkeyedEncoding(text: text)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        JSONSingleEncoding(text: text)
    }
}
