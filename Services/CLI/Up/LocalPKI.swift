import Contracts
import Foundation
import TLS

/// A certificate authority in a folder, and the identities that it issues below it.
///
/// `ca.crt` and `ca.key` are the authority; `<service>/tls.crt`, `tls.key` and `ca.crt` an identity. `agents/agents.crt`
/// and `agents.key` are a second one, for agents that are enrolled; those whom such agents call have its `agents.crt`.
struct LocalPKI {
    let directory: URL
    private let authority: CertificateAuthority
    private let trustDomain: String
    private let enrolment: Certificate

    /// Holds the authority of enrolled agents.
    static func enrolmentDirectory(below directory: URL) -> URL { directory.appending(path: "agents") }

    /// Reads the authority, or makes one when there is none yet; returns whether it did.
    static func open(_ directory: URL, trustDomain: String) throws -> (pki: LocalPKI, isNew: Bool) {
        let (authority, isNew) = try authority(in: directory, "ca", "Sonde CA", trustDomain: trustDomain)
        let domain = try authority.certificate.spiffeID().trustDomain
        let agents = enrolmentDirectory(below: directory)
        let enrolment = try Self.authority(in: agents, "agents", "Sonde agents", trustDomain: domain).0.certificate
        let pki = LocalPKI(directory: directory, authority: authority, trustDomain: domain, enrolment: enrolment)
        return (pki, isNew)
    }

    /// The authority in `<stem>.crt` and `<stem>.key`, made when it is missing.
    private static func authority(
        in directory: URL,
        _ stem: String,
        _ name: String,
        trustDomain: String
    ) throws -> (CertificateAuthority, isNew: Bool) {
        let certificateFile = directory.appending(path: "\(stem).crt")
        let keyFile = directory.appending(path: "\(stem).key")
        guard !FileManager.default.fileExists(atPath: certificateFile.path()) else {
            let certificate = try Certificate(pem: [UInt8](Data(contentsOf: certificateFile)))
            let key = try PrivateKey(pem: [UInt8](Data(contentsOf: keyFile)))
            return (try CertificateAuthority(certificate: certificate, key: key), false)
        }
        let (authority, key) = try CertificateAuthority.make(name, trustDomain: trustDomain)
        try FileManager.default.createDirectory(
            at: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try write(key.pem(), to: keyFile, mode: 0o600)
        try write(authority.certificate.pem(), to: certificateFile, mode: 0o644)
        return (authority, true)
    }

    /// Writes a new identity over the old one; whoever uses it takes it over while running.
    func issue(_ service: String, namespace: String = "default", lifetime: Duration) throws -> URL {
        let folder = directory.appending(path: service)
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let files = try IdentityFiles.issue(
            SPIFFEID(trustDomain: trustDomain, namespace: namespace, service: service),
            dnsNames: [service, "localhost"],
            by: authority,
            trusting: [authority.certificate],
            agents: [enrolment],
            lifetime: lifetime
        )
        for (name, bytes) in files.all {
            let isSecret = name == IdentityFiles.key
            try Self.write(bytes, to: folder.appending(path: name), mode: isSecret ? 0o600 : 0o644)
        }
        return folder
    }

    /// Replaces a file in one step, so that nobody reads half of it.
    private static func write(_ bytes: [UInt8], to file: URL, mode: Int) throws {
        let draft = file.appendingPathExtension("new")
        let isWritten = FileManager.default.createFile(
            atPath: draft.path(),
            contents: Data(bytes),
            attributes: [.posixPermissions: mode]
        )
        guard isWritten, unsafe rename(draft.path(), file.path()) == 0 else {
            throw CommandLineError(.cannotCreate, "\(file.path()): cannot be written")
        }
    }
}
