import JSON

/// Writes the JSON object that goes with an outcome, and keeps it short whatever the target sent.
public struct ProbeMetadata: Equatable, Sendable {
    /// Bytes of the object.
    public static let maximumBytes = 4_096
    /// Bytes of one text that are kept; written down, each may take up to six.
    private static let maximumTextBytes = 160
    private static let maximumTexts = 12

    private var writer = JSONWriter(capacity: 256)

    init() {
        writer.beginObject()
    }

    public static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes }

    /// The object, closed.
    public var bytes: [UInt8] {
        var copy = writer
        copy.endObject()
        return copy.bytes
    }

    mutating func text(_ key: StaticString, _ value: String) {
        let room = Self.maximumTextBytes * 6 + key.utf8CodeUnitCount + 8
        guard writer.bytes.count + room <= Self.maximumBytes else { return }
        writer.key(key)
        writer.string(Self.short(value))
    }

    mutating func integer(_ key: StaticString, _ value: Int) {
        writer.key(key)
        writer.int(value)
    }

    mutating func milliseconds(_ key: StaticString, microseconds: Int) {
        writer.key(key)
        writer.double(Double(microseconds) / 1_000)
    }

    mutating func milliseconds(_ key: StaticString, _ value: Double) {
        writer.key(key)
        writer.double(Self.rounded(value, to: 1_000))
    }

    /// `null` for a value that is missing.
    mutating func milliseconds(_ key: StaticString, _ values: [Double?]) {
        writer.key(key)
        writer.beginArray()
        for value in values {
            if let value { writer.double(Self.rounded(value, to: 1_000)) } else { writer.null() }
        }
        writer.endArray()
    }

    /// To two decimal places.
    mutating func decimal(_ key: StaticString, _ value: Double) {
        writer.key(key)
        writer.double(Self.rounded(value, to: 100))
    }

    mutating func texts(_ key: StaticString, _ values: [String]) {
        writer.key(key)
        writer.beginArray()
        for value in values.prefix(Self.maximumTexts) {
            guard writer.bytes.count + Self.maximumTextBytes * 6 + 64 <= Self.maximumBytes else { break }
            writer.string(Self.short(value))
        }
        writer.endArray()
    }

    /// Bytes of JSON that there is room for.
    var room: Int { Self.maximumBytes - writer.bytes.count - 64 }

    /// Adds a JSON value, unless there is no room for it.
    mutating func json(_ key: StaticString, _ value: [UInt8]) {
        guard value.count + key.utf8CodeUnitCount <= room else { return }
        writer.key(key)
        writer.raw(value)
    }

    private static func rounded(_ value: Double, to parts: Double) -> Double {
        (value * parts).rounded() / parts
    }

    private static func short(_ text: String) -> String {
        guard text.utf8.count > maximumTextBytes else { return text }
        return String(decoding: text.utf8.prefix(maximumTextBytes), as: UTF8.self)
    }
}
