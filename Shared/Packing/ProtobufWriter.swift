/// Writes messages in the binary form of Protocol Buffers, field by field in the order of calls.
///
/// Source: Protocol Buffers, "Encoding".
public struct ProtobufWriter: Sendable {
    /// How a field's value is laid out.
    private enum WireType: Int {
        case varint = 0
        case fixed64 = 1
        case length = 2
    }

    private var writer = PackedWriter()

    public init() {}

    public var bytes: [UInt8] { writer.bytes }

    public mutating func text(_ number: Int, _ text: String) {
        key(number, .length)
        writer.data(Array(text.utf8))
    }

    /// An `int64`; a negative one takes ten bytes.
    public mutating func integer(_ number: Int, _ value: Int64) {
        key(number, .varint)
        writer.number(UInt64(bitPattern: value))
    }

    public mutating func double(_ number: Int, _ value: Double) {
        key(number, .fixed64)
        writer.real(value)
    }

    /// A message within this one.
    public mutating func message(_ number: Int, _ body: (inout ProtobufWriter) -> Void) {
        var inner = ProtobufWriter()
        body(&inner)
        key(number, .length)
        writer.data(inner.bytes)
    }

    private mutating func key(_ number: Int, _ type: WireType) {
        precondition(number > 0, "fields are counted from 1")
        writer.number(number << 3 | type.rawValue)
    }
}
