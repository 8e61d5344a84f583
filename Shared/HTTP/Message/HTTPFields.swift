import Glibc

/// Header fields in the order they came, names in lowercase, in one block of memory.
///
/// Each field lies as the lengths of its name and of its value, two bytes each, and then both.
public struct HTTPFields: Sendable {
    /// Bytes a name or a value may have.
    static let maximumLength = Int(UInt16.max)

    @usableFromInline private(set) var storage: [UInt8] = []
    public private(set) var count = 0

    public init() {}

    public init(_ fields: KeyValuePairs<String, String>) {
        for (name, value) in fields { append(name, value) }
    }

    /// A value longer than 65,535 bytes is cut.
    public mutating func append(_ name: String, _ value: String) {
        var name = name.lowercased()
        var value = value
        name.withUTF8 { name in value.withUTF8 { value in unsafe append(name, value) } }
    }

    /// `name` must be in lowercase, and `value` printable ASCII.
    public mutating func append(_ name: StaticString, ascii value: Span<UInt8>) {
        name.withUTF8Buffer { name in unsafe value.withUnsafeBufferPointer { unsafe append(name, $0) } }
    }

    /// `name` must be in lowercase.
    public mutating func append(lowercase name: StaticString, _ value: String) {
        var value = value
        name.withUTF8Buffer { name in value.withUTF8 { unsafe append(name, $0) } }
    }

    /// `name` must be in lowercase.
    mutating func append(_ name: StaticString, _ value: StaticString) {
        name.withUTF8Buffer { name in value.withUTF8Buffer { unsafe append(name, $0) } }
    }

    /// A number that is not negative, in decimal; `name` must be in lowercase.
    public mutating func append(_ name: StaticString, decimal value: Int) {
        unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            let value = unsafe digits.write(decimal: value)
            name.withUTF8Buffer { unsafe append($0, value) }
        }
    }

    /// Takes a field whose name is in lowercase.
    mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        let nameCount = min(name.count, Self.maximumLength)
        let valueCount = min(value.count, Self.maximumLength)
        // Room for the fields of a usual request, so that the first one makes it for all.
        if storage.isEmpty { storage.reserveCapacity(384) }
        storage.append(addingCapacity: nameCount + valueCount + 4) { output in
            unsafe output.withUnsafeMutableBufferPointer { output, count in
                guard let start = output.baseAddress else { return }
                unsafe start[0] = UInt8(truncatingIfNeeded: nameCount)
                unsafe start[1] = UInt8(truncatingIfNeeded: nameCount >> 8)
                unsafe start[2] = UInt8(truncatingIfNeeded: valueCount)
                unsafe start[3] = UInt8(truncatingIfNeeded: valueCount >> 8)
                if let name = name.baseAddress { unsafe (start + 4).update(from: name, count: nameCount) }
                if let value = value.baseAddress {
                    unsafe (start + 4 + nameCount).update(from: value, count: valueCount)
                }
                count = 4 + nameCount + valueCount
            }
        }
        count += 1
    }

    mutating func append(_ fields: HTTPFields) {
        storage.append(contentsOf: fields.storage)
        count += fields.count
    }

    /// Forgets the fields, but not their memory.
    mutating func removeAll() {
        guard count > 0 else { return }
        storage.removeAll(keepingCapacity: true)
        count = 0
    }

    /// The first value of `name`, which must be in lowercase.
    public subscript(name: StaticString) -> String? {
        bytes(of: name).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes of the first value of `name`, which must be in lowercase.
    public func bytes(of name: StaticString) -> ArraySlice<UInt8>? {
        place(of: name).map { storage[$0] }
    }

    /// What `body` makes of the bytes of the first value of `name`, which must be in lowercase.
    @inlinable
    public func read<Result>(_ name: StaticString, _ body: (Span<UInt8>) -> Result?) -> Result? {
        guard let range = place(of: name) else { return nil }
        return body(storage.span.extracting(range))
    }

    /// Where the first value of `name` lies.
    @usableFromInline
    func place(of name: StaticString) -> Range<Int>? {
        unsafe storage.withUnsafeBufferPointer { unsafe Self.first(name, in: $0, from: 0)?.value }
    }

    /// Whether the first value of `name`, which must be in lowercase, is exactly `value`.
    public func has(_ name: StaticString, _ value: StaticString) -> Bool {
        unsafe storage.withUnsafeBufferPointer { storage in
            guard let found = unsafe Self.first(name, in: storage, from: 0)?.value else { return false }
            return unsafe UnsafeBufferPointer(rebasing: storage[found]).isEqual(to: value)
        }
    }

    /// How many fields bear `name`, which must be in lowercase.
    public func count(of name: StaticString) -> Int {
        unsafe storage.withUnsafeBufferPointer { storage in
            var count = 0
            var next = 0
            while let found = unsafe Self.first(name, in: storage, from: next) {
                count += 1
                next = found.value.upperBound
            }
            return count
        }
    }

    /// Every field, as text.
    public var all: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        unsafe storage.withUnsafeBufferPointer { storage in
            var next = 0
            while let field = unsafe Self.field(in: storage, at: next) {
                let name = unsafe String(decoding: storage[field.name], as: UTF8.self)
                let value = unsafe String(decoding: storage[field.value], as: UTF8.self)
                fields.append((name, value))
                next = field.value.upperBound
            }
        }
        return fields
    }

    /// Without the blanks around values that some servers send.
    var trimmed: Self {
        let fields = all
        guard fields.contains(where: { $0.value != $0.value.trimmingBlanks }) else { return self }
        var trimmed = Self()
        for (name, value) in fields { trimmed.append(name, value.trimmingBlanks) }
        return trimmed
    }

    /// Where a field that begins at `start` has its name and its value.
    static func field(
        in storage: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) -> (name: Range<Int>, value: Range<Int>)? {
        guard start < storage.count else { return nil }
        let nameCount = unsafe Int(storage[start]) | Int(storage[start + 1]) << 8
        let valueCount = unsafe Int(storage[start + 2]) | Int(storage[start + 3]) << 8
        let name = start + 4..<start + 4 + nameCount
        return (name, name.upperBound..<name.upperBound + valueCount)
    }

    private static func first(
        _ name: StaticString,
        in storage: UnsafeBufferPointer<UInt8>,
        from start: Int
    ) -> (name: Range<Int>, value: Range<Int>)? {
        var next = start
        let count = name.utf8CodeUnitCount
        while let field = unsafe field(in: storage, at: next) {
            if field.name.count == count, let base = storage.baseAddress,
                unsafe memcmp(base.advanced(by: field.name.lowerBound), name.utf8Start, count) == 0
            {
                return field
            }
            next = field.value.upperBound
        }
        return nil
    }
}

extension HTTPFields: Equatable {
    public static func == (left: Self, right: Self) -> Bool {
        left.storage == right.storage
    }
}

extension String {
    /// Without the spaces and tabs at its ends.
    var trimmingBlanks: String {
        let isBlank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
        guard utf8.first.map(isBlank) == true || utf8.last.map(isBlank) == true else { return self }
        var rest = self[...]
        while let first = rest.utf8.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.utf8.last, isBlank(last) { rest.removeLast() }
        return String(rest)
    }
}

extension UnsafeBufferPointer<UInt8> {
    func isEqual(to text: StaticString) -> Bool {
        guard let start = baseAddress, count == text.utf8CodeUnitCount else { return false }
        return unsafe memcmp(start, text.utf8Start, count) == 0
    }

    /// The number that these digits are; `nil` for anything else, and for more than an `Int` holds.
    var decimal: Int? {
        guard !isEmpty else { return nil }
        var number = 0
        for index in indices {
            let digit = unsafe Int(self[index]) - 0x30
            let (tens, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            guard (0...9).contains(digit), !isTooLarge, tens <= .max - digit else { return nil }
            number = tens + digit
        }
        return number
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    /// Writes a number that is not negative into the last bytes, and returns those.
    func write(decimal value: Int) -> UnsafeBufferPointer<UInt8> {
        var rest = value
        var start = count
        repeat {
            start -= 1
            unsafe self[start] = UInt8(0x30 + rest % 10)
            rest /= 10
        } while rest > 0
        return unsafe UnsafeBufferPointer(rebasing: self[start...])
    }
}
