import HTTP
import Testing

@Suite("A buffer of lines")
struct LineBufferTests {
    @Test("gives the same lines wherever the pieces end")
    func pieces() {
        let text = Array("a\n\nbcd\r\nlast".utf8)
        for size in 1...text.count {
            var buffer = LineBuffer()
            var lines: [String] = []
            for start in stride(from: 0, to: text.count, by: size) {
                buffer.append(Array(text[start..<min(start + size, text.count)]))
                while let line = buffer.takeLine() { lines.append(String(decoding: line, as: UTF8.self)) }
            }
            #expect(lines == ["a", "", "bcd\r"], "pieces of \(size)")
            #expect(buffer.count == 4)
            #expect(buffer.takeRest() == Array("last".utf8))
            #expect(buffer.takeRest() == nil)
        }
    }
}
