import TLS
import Testing

@Suite("A public key")
struct PublicKeyTests {
    /// RFC 8032, section 7.1: key, message and signature.
    private static let rfc: [(key: String, message: String, signature: String)] = [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595b"
                + "be24655141438e7a100b"
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb430"
                + "2aeeb00d291612bb0c00"
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716e"
                + "d28dc027beceea1ec40a"
        ),
    ]
    /// The order of the group, least significant byte first.
    private static let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    @Test("verifies the signatures of RFC 8032, and none of them changed or for another message", arguments: rfc)
    func vectors(key: String, message: String, signature: String) throws {
        let key = try PublicKey(ed25519: Self.bytes(key))
        let message = Self.bytes(message)
        let signature = Self.bytes(signature)
        #expect(key.isValid(signature: signature, of: message))
        #expect(!key.isValid(signature: signature, of: message + [0]))
        for bit in 0..<signature.count * 8 {
            var changed = signature
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.isValid(signature: changed, of: message))
        }
        #expect(!key.isValid(signature: signature.dropLast(), of: message))
        #expect(!key.isValid(signature: signature + [0], of: message))
    }

    /// RFC 8032, section 5.1.7: S must be less than the order, or each signature would have a second form.
    @Test("takes no second form of a signature", arguments: rfc)
    func malleability(key: String, message: String, signature: String) throws {
        var second = Self.bytes(signature)
        var carry = 0
        for index in 0..<32 {
            let sum = Int(second[32 + index]) + Int(Self.order[index]) + carry
            second[32 + index] = UInt8(sum & 0xFF)
            carry = sum >> 8
        }
        #expect(carry == 0)
        #expect(!(try PublicKey(ed25519: Self.bytes(key)).isValid(signature: second, of: Self.bytes(message))))
    }

    @Test("of small order signs nothing: with the neutral element one signature would fit every message")
    func smallOrder() throws {
        let neutral = [1] + [UInt8](repeating: 0, count: 31)
        let key = try PublicKey(ed25519: neutral)
        #expect(!key.isValid(signature: neutral + [UInt8](repeating: 0, count: 32), of: [1, 2, 3]))
    }

    @Test("is 32 bytes", arguments: [0, 31, 33])
    func length(count: Int) {
        #expect(throws: TLSError.self) { try PublicKey(ed25519: [UInt8](repeating: 7, count: count)) }
    }
}
