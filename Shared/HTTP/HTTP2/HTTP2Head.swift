/// The head of a message while its fields come in.
struct HTTP2Head {
    var request = HTTPRequestHead()
    var status = 0
    /// What the field `content-length` says.
    private(set) var contentLength: Int?
    /// `:authority` and the field `host` differ.
    private(set) var isHostAmbiguous = false
    /// A path has come that is none.
    private(set) var isTargetInvalid = false
    private(set) var isOverLimit = false
    /// Names and values of the fields, with 32 bytes for each.
    private var byteCount = 0

    init() {}

    var isUsed: Bool { byteCount > 0 }

    /// Takes one field, pseudo-fields too; libnghttp2 has checked its letters.
    mutating func add(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>,
        limits: borrowing HTTPLimits
    ) {
        byteCount += name.count + value.count + 32
        guard byteCount <= limits.fieldBytes, request.fields.count < limits.fieldCount else {
            isOverLimit = true
            return
        }
        guard unsafe name.first == UInt8(ascii: ":") else {
            return unsafe addRegular(name, value)
        }
        // The length and the third byte tell the pseudo-fields apart.
        switch unsafe (name.count, name[2]) {
        case (5, _): unsafe setTarget(value)
        case (7, UInt8(ascii: "e")): request.method = unsafe HTTPMethod(decoding: value)
        case (7, UInt8(ascii: "t")): status = unsafe value.reduce(0) { $0 * 10 + Int($1) - 48 }
        case (10, _): unsafe setHost(value)
        case (9, _): request.upgrade = unsafe String(decoding: value, as: UTF8.self)
        default: break
        }
    }

    private mutating func addRegular(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        if unsafe name.isEqual(to: "host") { return unsafe setHost(value) }
        if unsafe name.isEqual(to: "content-length") {
            contentLength = unsafe value.decimal ?? .max
        }
        unsafe request.fields.append(name, value)
    }

    /// Takes the host in whichever form it comes: `:authority` becomes the field `host` (RFC 9113, section 8.3.1).
    private mutating func setHost(_ value: UnsafeBufferPointer<UInt8>) {
        if let known = request.fields.place(of: "host") {
            let host = request.fields.storage[known]
            isHostAmbiguous = unsafe isHostAmbiguous || !host.elementsEqual(value)
        } else {
            ("host" as StaticString).withUTF8Buffer { unsafe request.fields.append($0, value) }
        }
    }

    private mutating func setTarget(_ value: UnsafeBufferPointer<UInt8>) {
        guard let target = unsafe HTTPTarget(decoding: value) else {
            isTargetInvalid = true
            return
        }
        request.path = target.path
        request.query = target.query
    }

    /// Hands the head of the request over, and is as new.
    mutating func takeRequest() -> HTTPRequestHead {
        var head = HTTPRequestHead()
        swap(&request, &head)
        reset()
        return head
    }

    /// Is as new, but for the memory of its fields.
    mutating func clear() {
        guard isUsed else { return }
        request.clear()
        reset()
    }

    /// Forgets what is known beside the request.
    private mutating func reset() {
        status = 0
        contentLength = nil
        isHostAmbiguous = false
        isTargetInvalid = false
        isOverLimit = false
        byteCount = 0
    }
}

extension HTTPMethod {
    /// The usual ones without making a string.
    fileprivate init(decoding bytes: UnsafeBufferPointer<UInt8>) {
        switch unsafe (bytes.count, bytes.first) {
        case (4, UInt8(ascii: "P")) where unsafe bytes.isEqual(to: "POST"): self = .post
        case (3, UInt8(ascii: "G")) where unsafe bytes.isEqual(to: "GET"): self = .get
        default: unsafe self.init(rawValue: String(decoding: bytes, as: UTF8.self))
        }
    }
}
