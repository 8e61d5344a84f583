extension HTTP2Stream {
    /// Takes one field of the head, pseudo-fields too; libnghttp2 has checked its letters.
    func addField(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        fieldBytes += name.count + value.count + 32
        guard fieldBytes <= session.limits.fieldBytes, fields.count < session.limits.fieldCount else {
            isOverLimit = true
            return
        }
        guard unsafe name.first == UInt8(ascii: ":") else {
            unsafe fields.append(name, value)
            return
        }
        // The length and the third byte tell the pseudo-fields apart.
        switch unsafe (name.count, name[2]) {
        case (5, _): unsafe path = String(decoding: value, as: UTF8.self)
        case (7, UInt8(ascii: "e")): unsafe method = HTTPMethod(decoding: value)
        case (7, UInt8(ascii: "t")): status = unsafe value.reduce(0) { $0 * 10 + Int($1) - 48 }
        case (10, _): unsafe authority = String(decoding: value, as: UTF8.self)
        case (9, _): unsafe upgrade = String(decoding: value, as: UTF8.self)
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
