import Foundation
import Testing

@testable import TLS

@Suite("Certificate signing requests")
struct CertificateRequestTests {
    @Test("are read as they are made, with their key")
    func roundTrip() throws {
        let authority = try CertificateAuthority.make(trustDomain: "sonde").authority
        let key = try PrivateKey.p256()
        let certificate = try authority.issue(
            SPIFFEID(trustDomain: "sonde", enrolment: "1"),
            for: CertificateRequest(pem: CertificateRequest.pem(for: key)),
            lifetime: .seconds(600),
            startingAt: 1_800_000_000
        )
        #expect(certificate.belongs(to: key))
        #expect(certificate.notAfter == 1_800_000_600)
        #expect(certificate.notBefore == 1_800_000_000 - 60)
        #expect(try certificate.spiffeID().enrolment == "1")
    }

    @Test("are refused when a bit of them is another one")
    func changed() throws {
        let pem = String(decoding: try CertificateRequest.pem(for: PrivateKey.p256()), as: UTF8.self)
        let lines = pem.split(separator: "\n")
        let bytes = try #require(Data(base64Encoded: lines.dropFirst().dropLast().joined()))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1
            let text = "\(lines[0])\n\(other.base64EncodedString())\n\(lines[lines.count - 1])\n"
            #expect(throws: TLSError.self, "byte \(index)") { _ = try CertificateRequest(pem: Array(text.utf8)) }
        }
    }

    @Test("are refused when they are none, or too long")
    func noRequest() throws {
        let pem = try CertificateRequest.pem(for: PrivateKey.p256())
        let key = try PrivateKey.p256().pem()
        let long = pem + Array(repeating: UInt8(ascii: "\n"), count: 4_096)
        for bytes in [[], Array("hello".utf8), Array(pem.dropLast(40)), key, long] {
            let error = #expect(throws: TLSError.self) { _ = try CertificateRequest(pem: bytes) }
            #expect(error?.code == .identity)
        }
    }

    /// Valid ones with keys on P-384 and secp256k1, of Ed25519, and of RSA.
    @Test("are refused with keys of another kind", arguments: otherKeys)
    func otherKinds(pem: String) throws {
        let error = #expect(throws: TLSError.self) { _ = try CertificateRequest(pem: Array(pem.utf8)) }
        #expect(error?.message.contains("P-256") == true)
    }

    private static let otherKeys = [
        """
        -----BEGIN CERTIFICATE REQUEST-----
        MIIBBDCBiwIBADAMMQowCAYDVQQDDAF4MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE
        YbzoliLKIhqVcF6VM8xX97aGcYDkSburoftPa4RcWaQ351RjTuGUDwYfLbN0CouR
        AMh9z4/vGYnZ1pJT1PcW+/VQ8YpS1fgMJogGRDIW576gsMFejv9/AsxJ0EruJTZl
        oAAwCgYIKoZIzj0EAwIDaAAwZQIwBubVSOaB5X79ZCqo9auXuw3s8vyFyuzZ8Gsg
        IKUg4W4ODwSefMtL3k2pCWW0/UdbAjEA9vRt5Uv1D6qlLTVVUF9R0oJUsCPRSUTx
        y7CSevRUMTPQ1X9BjN2LeNtNexySAjVA
        -----END CERTIFICATE REQUEST-----
        """,
        """
        -----BEGIN CERTIFICATE REQUEST-----
        MIHCMGsCAQAwDDEKMAgGA1UEAwwBeDBWMBAGByqGSM49AgEGBSuBBAAKA0IABGJp
        jlUxCb6NRwsatMITb/PLRWBaSaPg6gg17ziO72qPiCfy39Rmbah2SfM7qUfERfc+
        a8hKopm1aALvcTJew1+gADAKBggqhkjOPQQDAgNHADBEAiAd4H1E1me2ZNOEEiWM
        Au7cLitTIUTw0xlz8D90Zk5y7AIgYsNC1nkpuPOxxXcXmpuuY4Cd56sxcDMkFyAs
        +5sDsGE=
        -----END CERTIFICATE REQUEST-----
        """,
        """
        -----BEGIN CERTIFICATE REQUEST-----
        MIGLMD8CAQAwDDEKMAgGA1UEAwwBeDAqMAUGAytlcAMhAC+K5kaEyRQlLdznSt5w
        92rI52PUk139cwP4ssZt1IGQoAAwBQYDK2VwA0EA6sjpZuTnOgGp9xLvxBPLiVGT
        5TEIRB1P4boMVuk1oxixcCHMWB88T7dPRm0egE3+P0nHi8hc3mj/0Gd+7glzCw==
        -----END CERTIFICATE REQUEST-----
        """,
        """
        -----BEGIN CERTIFICATE REQUEST-----
        MIIBSzCBtQIBADAMMQowCAYDVQQDDAF4MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB
        iQKBgQDzIVX4WgLh0BkvcptV346NzA61ona1KWVE9DEOFI7ZwnLmSc04z4XaCKn3
        a6QUI/gnVJaqu5tfMVYo7PGEIPjmVsFmWY5nzK86wArYaehLq4Yd6U9miZNXNBSo
        gNqC1mxaItvFznBqXIKLKmxPYLId7QPeEuPIlEfyouNEcPgSOwIDAQABoAAwDQYJ
        KoZIhvcNAQELBQADgYEAEdDRYhYgRLW7sEtSpwP1Ey2rIZ/QlK8T2YKEqGFQRasY
        bRuMlJVB0eP0u6uHfDW7kmY5t1F/5xXSxnNoILd1kteliV9nU71HhoU0ZMlZR5mp
        qLaH0l6XIoowGsbb1cv2imqRWYJHeGUcZlnMpgcD9hPZRz/ageCYMvKj+2BmfDc=
        -----END CERTIFICATE REQUEST-----
        """,
    ]
}
