import JSON
import Testing

/// What hand-written `Codable` code does with containers.
@Suite("Encoding containers") struct EncodingContainerTests {
    enum Key: String, CodingKey { case a, b, c, d }

    struct Written: Encodable {
        var body: @Sendable (any Encoder) throws -> Void

        func encode(to encoder: any Encoder) throws { try body(encoder) }
    }

    private func text(_ body: @escaping @Sendable (any Encoder) throws -> Void) throws -> String {
        String(decoding: try encodeJSON([Written(body: body)]), as: UTF8.self)
    }

    @Test("may be written to in turns")
    func interleaved() throws {
        let text = try text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            var first = outer.nestedContainer(keyedBy: Key.self, forKey: .a)
            var second = outer.nestedUnkeyedContainer(forKey: .b)
            try first.encode(1, forKey: .a)
            try second.encode(2)
            var third = second.nestedContainer(keyedBy: Key.self)
            try second.encode("x")
            try third.encode(3, forKey: .c)
            try first.encode([4], forKey: .b)
            try outer.encodeNil(forKey: .c)
        }
        #expect(text == #"[{"a":{"a":1,"b":[4]},"b":[2,{"c":3},"x"],"c":null}]"#)
    }

    @Test("are one when a class and its superclass ask for the same kind")
    func shared() throws {
        let text = try text { encoder in
            var first = encoder.container(keyedBy: Key.self)
            var second = encoder.container(keyedBy: Key.self)
            try first.encode(1, forKey: .a)
            try second.encode(2, forKey: .b)
            try first.encode(3, forKey: .c)
        }
        #expect(text == #"[{"a":1,"b":2,"c":3}]"#)
    }

    @Test("of a superclass have a key of their own")
    func superclass() throws {
        let text = try text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            try "x".encode(to: outer.superEncoder())
            try [1].encode(to: outer.superEncoder(forKey: .a))
            _ = outer.superEncoder(forKey: .b)
        }
        #expect(text == #"[{"super":"x","a":[1],"b":{}}]"#)
    }

    @Test("forget a value that could not be written")
    func failure() throws {
        let text = try text { encoder in
            var outer = encoder.container(keyedBy: Key.self)
            try? outer.encode(Double.nan, forKey: .a)
            try? outer.encode([1, .infinity], forKey: .b)
            try? outer.encode(
                Written { encoder in
                    var inner = encoder.container(keyedBy: Key.self)
                    _ = inner.nestedUnkeyedContainer(forKey: .a)
                    throw JSONError(.mismatch, "no", at: 0)
                },
                forKey: .c
            )
            try outer.encode(1, forKey: .d)
        }
        #expect(text == #"[{"d":1}]"#)
    }

    @Test("that are never asked for make an empty object")
    func nothing() throws {
        #expect(try text { _ in } == "[{}]")
    }
}
