/// A table and those of its columns that a bulk insertion fills.
public struct InsertTarget: Sendable, Hashable {
    public let table: String
    public let columns: [String]

    /// Both come from the program, never from a user.
    public init(_ table: StaticString, _ columns: [StaticString]) {
        self.table = table.description
        self.columns = columns.map(\.description)
    }

    /// A table whose name is made at run time, such as one of a day.
    public init(trustedTable table: String, columns: [String]) {
        self.table = table
        self.columns = columns
    }
}

/// Takes the values of one row, column by column in the order of the insertion's columns.
public protocol RowWriter: AnyObject {
    func null()
    func integer(_ value: Int64)
    func real(_ value: Double)
    func text(_ value: String)
    /// `utf8` is valid UTF-8.
    func text(utf8: RawSpan)
    func blob(_ bytes: RawSpan)
}

extension RowWriter {
    public func integer(_ value: Int) { integer(Int64(value)) }

    public func blob(_ bytes: [UInt8]) { unsafe blob(bytes.span.bytes) }

    public func real(_ value: Double?) {
        if let value { real(value) } else { null() }
    }

    public func text(_ value: String?) {
        if let value { text(value) } else { null() }
    }
}

/// Which rows of a bulk insertion were new.
public struct InsertedRows: Sendable, Equatable {
    private var isNew: [Bool] = []
    public private(set) var count = 0

    init(capacity: Int) { isNew.reserveCapacity(capacity) }

    /// All of `count` rows were new.
    init(allOf count: Int) {
        isNew = Array(repeating: true, count: count)
        self.count = count
    }

    /// Of `rows` rows those with these indices were new, each named once.
    init(rows: Int, new indices: [Int]) {
        isNew = Array(repeating: false, count: rows)
        for index in indices { isNew[index] = true }
        count = indices.count
    }

    mutating func append(isNew: Bool) {
        self.isNew.append(isNew)
        if isNew { count += 1 }
    }

    /// Whether the row of this index was inserted rather than skipped.
    public func contains(_ index: Int) -> Bool { isNew[index] }
}
