/// The little of ASN.1's distinguished encoding (X.690) that keys and signatures are handed to OpenSSL in.
enum DER {
    /// A `SubjectPublicKeyInfo` (RFC 5280).
    struct PublicKeyInfo {
        let bytes: [UInt8]

        /// An uncompressed point (RFC 5480).
        static func p256(_ point: [UInt8]) -> Self {
            let algorithm: [UInt8] = [
                0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
            ]
            return Self(bytes: sequence(sequence(algorithm) + bitString(point)))
        }

        /// RFC 3279, section 2.3.1.
        static func rsa(_ modulus: [UInt8], _ exponent: [UInt8]) -> Self {
            let algorithm: [UInt8] = [
                0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
            ]
            let key = sequence(integer(modulus[...]) + integer(exponent[...]))
            return Self(bytes: sequence(sequence(algorithm) + bitString(key)))
        }
    }

    static func sequence(_ content: [UInt8]) -> [UInt8] { value(0x30, content) }

    /// A positive number, with the most significant byte first.
    static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = bytes.drop { $0 == 0 }
        // The first bit is the sign.
        let needsZero = digits.first.map { $0 >= 0x80 } ?? true
        return value(0x02, (needsZero ? [0] : []) + digits)
    }

    private static func bitString(_ content: [UInt8]) -> [UInt8] { value(0x03, [0] + content) }

    private static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            switch count {
            case 0..<0x80: [UInt8(count)]
            case 0x80..<0x100: [0x81, UInt8(count)]
            default: [0x82, UInt8(count >> 8), UInt8(count & 0xff)]
            }
        return [tag] + length + content
    }
}
