import Packing
import Testing

@Suite("Protocol Buffers")
struct ProtobufWriterTests {
    /// The first two are the examples of the format's own description.
    @Test("have each field behind its number and kind")
    func fields() {
        #expect(bytes { $0.integer(1, 150) } == [0x08, 0x96, 0x01])
        #expect(bytes { $0.text(2, "testing") } == [0x12, 0x07] + Array("testing".utf8))
        #expect(bytes { $0.integer(1, -1) } == [0x08] + [UInt8](repeating: 0xff, count: 9) + [0x01])
        #expect(bytes { $0.double(1, 1) } == [0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
        #expect(bytes { $0.integer(16, 1) } == [0x80, 0x01, 0x01])
        #expect(bytes { $0.message(3) { $0.integer(1, 150) } } == [0x1a, 0x03, 0x08, 0x96, 0x01])
        #expect(bytes { $0.message(3) { _ in } } == [0x1a, 0x00])
    }

    private func bytes(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        write(&writer)
        return writer.bytes
    }
}
