import Packing
import Testing

@Suite("Packed numbers")
struct PackedNumbersTests {
    @Test("come back as they went")
    func roundTrip() throws {
        let numbers: [UInt64] = [0, 1, 127, 128, 16_383, 16_384, 1 << 63, .max]
        let signed: [Int64] = [0, -1, 1, 63, -64, 64, .min, .max]
        let reals = [0, -0.0, 1.5, .infinity, -.infinity, Double.leastNonzeroMagnitude]
        var writer = PackedWriter()
        for number in numbers { writer.number(number) }
        for number in signed { writer.signed(number) }
        for real in reals { writer.real(real) }
        writer.word(0x1234)
        writer.data([1, 2, 3])
        writer.data([])
        writer.runs([7, 7, 7, 0, 0, 300])
        var reader = PackedReader(writer.bytes)
        for number in numbers { #expect(try reader.number() == number) }
        for number in signed { #expect(try reader.signed() == number) }
        for real in reals { #expect(try reader.real().bitPattern == real.bitPattern) }
        #expect(try reader.word() == 0x1234)
        #expect(try Array(reader.data()) == [1, 2, 3])
        #expect(try reader.data().isEmpty)
        #expect(try reader.runs(6) { number throws(PackingError) in number } == [7, 7, 7, 0, 0, 300])
        #expect(reader.isAtEnd)
    }

    @Test("take one byte each when they are small")
    func size() {
        var writer = PackedWriter()
        for number in 0..<64 { writer.signed(Int64(number - 32)) }
        #expect(writer.bytes.count == 64)
        writer.runs(repeatElement(5, count: 100))
        #expect(writer.bytes.count == 66)
    }

    @Test(
        "that are no numbers are refused",
        arguments: [
            [], [0x80], Array(repeating: 0xff, count: 10), Array(repeating: 0x80, count: 10) + [1],
        ] as [[UInt8]]
    )
    func malformed(_ bytes: [UInt8]) {
        var reader = PackedReader(bytes)
        #expect(throws: PackingError.self) { try reader.number() }
        reader = PackedReader([200, 1] + bytes)
        #expect(throws: PackingError.self) { try reader.data() }
    }

    @Test("in runs of nothing, or of too many, are refused")
    func runs() {
        for bytes: [UInt8] in [[5, 0], [5, 4], [9, 3], [5, 1, 5, 1]] {
            var reader = PackedReader(bytes)
            #expect(throws: PackingError.self) {
                try reader.runs(3, upTo: 8) { number throws(PackingError) in number }
            }
        }
    }
}
