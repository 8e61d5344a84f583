/// Header fields in the order they came, names in lowercase, in one block of memory.
public struct HTTPFields: Sendable {
    private struct Entry {
        var start: UInt32
        var nameEnd: UInt32
        var valueEnd: UInt32
    }

    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    public init() {}

    public init(_ fields: KeyValuePairs<String, String>) {
        for (name, value) in fields { append(name, value) }
    }

    public var count: Int { entries.count }

    public mutating func append(_ name: String, _ value: String) {
        append(name.lowercased().utf8, value.utf8)
    }

    /// `name` must be in lowercase, and `value` printable ASCII.
    public mutating func append(_ name: StaticString, ascii value: [UInt8]) {
        name.withUTF8Buffer { unsafe append($0, value) }
    }

    /// `name` must be in lowercase.
    mutating func append(_ name: some Collection<UInt8>, _ value: some Collection<UInt8>) {
        let start = UInt32(bytes.count)
        bytes.append(contentsOf: name)
        let nameEnd = UInt32(bytes.count)
        bytes.append(contentsOf: value)
        entries.append(Entry(start: start, nameEnd: nameEnd, valueEnd: UInt32(bytes.count)))
    }

    /// The first value of `name`, which must be in lowercase.
    public subscript(name: StaticString) -> String? {
        bytes(of: name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of the first value of `name`, which must be in lowercase.
    public func bytes(of name: StaticString) -> ArraySlice<UInt8>? {
        for entry in entries where matches(entry, name) {
            return bytes[Int(entry.nameEnd)..<Int(entry.valueEnd)]
        }
        return nil
    }

    /// How many fields bear `name`, which must be in lowercase.
    public func count(of name: StaticString) -> Int {
        entries.count { matches($0, name) }
    }

    /// Every field, as text.
    public var all: [(name: String, value: String)] {
        entries.map { entry in
            (
                String(decoding: bytes[Int(entry.start)..<Int(entry.nameEnd)], as: UTF8.self),
                String(decoding: bytes[Int(entry.nameEnd)..<Int(entry.valueEnd)], as: UTF8.self)
            )
        }
    }

    private func matches(_ entry: Entry, _ name: StaticString) -> Bool {
        let count = Int(entry.nameEnd - entry.start)
        guard count == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            for index in 0..<count where unsafe bytes[Int(entry.start) + index] != name[index] { return false }
            return true
        }
    }

    /// Calls `body` with the place of each field within `bytes`.
    func forEachEntry(_ body: (_ start: Int, _ nameEnd: Int, _ valueEnd: Int) -> Void) {
        for entry in entries { body(Int(entry.start), Int(entry.nameEnd), Int(entry.valueEnd)) }
    }

    var storage: [UInt8] { bytes }
}

extension HTTPFields: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
        left.all.elementsEqual(right.all) { $0 == $1 }
    }
}
