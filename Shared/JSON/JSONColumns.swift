extension JSONReader {
    /// Appends the elements of an array of whole numbers.
    @inlinable
    public mutating func ints(into column: inout [Int]) throws(JSONError) {
        try array { reader throws(JSONError) in column.append(try reader.int()) }
    }

    /// Appends the elements of an array of numbers.
    @inlinable
    public mutating func doubles(into column: inout [Double]) throws(JSONError) {
        try array { reader throws(JSONError) in column.append(try reader.double()) }
    }

    /// Appends the elements of an array of numbers and nulls.
    @inlinable
    public mutating func doubles(into column: inout [Double?]) throws(JSONError) {
        try array { reader throws(JSONError) in column.append(try reader.readIfNull() ? nil : reader.double()) }
    }

    /// Appends the elements of an array of strings.
    @inlinable
    public mutating func strings(into column: inout [String]) throws(JSONError) {
        try array { reader throws(JSONError) in column.append(try reader.string()) }
    }

    /// Appends the elements of an array.
    @inlinable
    public mutating func elements<Element: JSONCodable>(into column: inout [Element]) throws(JSONError) {
        try array { reader throws(JSONError) in column.append(try Element(from: &reader)) }
    }

    @inlinable @inline(__always)
    mutating func array(_ element: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        try beginArray()
        while try nextElement() { try element(&self) }
    }
}

extension JSONWriter {
    @inlinable
    public mutating func ints(_ column: some Sequence<Int>) {
        beginArray()
        for value in column { int(value) }
        endArray()
    }

    /// Every value must be finite.
    @inlinable
    public mutating func doubles(_ column: some Sequence<Double>) {
        beginArray()
        for value in column { double(value) }
        endArray()
    }

    /// Every value must be finite; `nil` is written as null.
    @inlinable
    public mutating func doubles(_ column: some Sequence<Double?>) {
        beginArray()
        for value in column {
            if let value { double(value) } else { null() }
        }
        endArray()
    }

    @inlinable
    public mutating func strings(_ column: some Sequence<String>) {
        beginArray()
        for value in column { string(value) }
        endArray()
    }

    @inlinable
    public mutating func elements<Element: JSONCodable>(_ column: some Sequence<Element>) {
        beginArray()
        for value in column { value.write(to: &self) }
        endArray()
    }
}
