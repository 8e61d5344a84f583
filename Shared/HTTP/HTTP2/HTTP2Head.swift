/// The head of a message while its fields come in.
struct HTTP2Head {
    var method = HTTPMethod.get
    var path = ""
    var authority = ""
    var upgrade: String?
    var status = 0
    var fields = HTTPFields()
    /// Names and values of the fields, with 32 bytes for each.
    private var byteCount = 0
    private(set) var isOverLimit = false

    init() {}

    /// Takes one field, pseudo-fields too; libnghttp2 has checked its letters.
    mutating func add(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>,
        limits: borrowing HTTPLimits
    ) {
        byteCount += name.count + value.count + 32
        guard byteCount <= limits.fieldBytes, fields.count < limits.fieldCount else {
            isOverLimit = true
            return
        }
        guard unsafe name.first == UInt8(ascii: ":") else { return unsafe fields.append(name, value) }
        // The length and the third byte tell the pseudo-fields apart.
        switch unsafe (name.count, name[2]) {
        case (5, _): path = unsafe String(decoding: value, as: UTF8.self)
        case (7, UInt8(ascii: "e")): method = unsafe HTTPMethod(decoding: value)
        case (7, UInt8(ascii: "t")): status = unsafe value.reduce(0) { $0 * 10 + Int($1) - 48 }
        case (10, _): authority = unsafe String(decoding: value, as: UTF8.self)
        case (9, _): upgrade = unsafe String(decoding: value, as: UTF8.self)
        default: break
        }
    }
}

extension HTTPMethod {
    /// The usual ones are not made anew for every request.
    fileprivate init(decoding bytes: UnsafeBufferPointer<UInt8>) {
        switch unsafe (bytes.count, bytes.first) {
        case (4, UInt8(ascii: "P")) where unsafe bytes.elementsEqual("POST".utf8): self = .post
        case (3, UInt8(ascii: "G")) where unsafe bytes.elementsEqual("GET".utf8): self = .get
        default: unsafe self.init(rawValue: String(decoding: bytes, as: UTF8.self))
        }
    }
}
