extension JSONReader {
    /// Enters an object; read it with `nextKey()` until that returns `nil`.
    @inlinable
    public mutating func beginObject() throws(JSONError) {
        guard peekByte() == UInt8(ascii: "{") else { throw expected("an object") }
        try enter()
    }

    /// Enters an array; read it with `nextElement()` until that returns `false`.
    @inlinable
    public mutating func beginArray() throws(JSONError) {
        guard peekByte() == UInt8(ascii: "[") else { throw expected("an array") }
        try enter()
    }

    /// The next key of the innermost object, with the reader in front of its value; `nil` behind the object's end.
    ///
    /// Equal keys are all returned; `JSONKeySet` finds them.
    @inlinable
    public mutating func nextKey() throws(JSONError) -> JSONKey? {
        guard let token = try nextKeyToken() else { return nil }
        return key(token)
    }

    /// Whether the innermost array has another element, in front of which the reader then stands.
    @inlinable
    public mutating func nextElement() throws(JSONError) -> Bool {
        try advance(to: UInt8(ascii: "]"), "expected a comma or the end of the array")
    }

    /// Like `nextKey()`, for those who need the key's place rather than its text.
    @inlinable
    mutating func nextKeyToken() throws(JSONError) -> StringToken? {
        guard try advance(to: UInt8(ascii: "}"), "expected a comma or the end of the object") else { return nil }
        guard peekByte() == UInt8(ascii: "\"") else { throw malformed("expected a key") }
        let token = try scanString()
        guard peekByte() == UInt8(ascii: ":") else { throw malformed("expected a colon") }
        cursor += 1
        return token
    }

    @inlinable @inline(__always)
    mutating func enter() throws(JSONError) {
        guard depth < depthLimit else { throw malformed("too many nested arrays and objects") }
        depth += 1
        cursor += 1
        isFirst = true
    }

    @inlinable @inline(__always)
    mutating func leave() {
        depth -= 1
        cursor += 1
        isFirst = false
    }

    /// Passes the comma in front of a member that is not the first, or leaves the container at its end.
    @inlinable @inline(__always)
    mutating func advance(to end: UInt8, _ message: StaticString) throws(JSONError) -> Bool {
        let next = peekByte()
        if next == end {
            leave()
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard next == UInt8(ascii: ",") else { throw malformed(message) }
        cursor += 1
        // A comma is a promise of one more member; a closing bracket there is refused by whatever reads the member.
        return true
    }

    @inlinable
    func key(_ token: StringToken) -> JSONKey {
        guard !token.isEscaped else { return JSONKey(unescaped(token)) }
        return unsafe JSONKey(UnsafeBufferPointer(rebasing: text[token.range]))
    }
}
