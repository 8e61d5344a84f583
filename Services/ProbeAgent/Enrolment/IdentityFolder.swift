import EventLoop
import Foundation
import Glibc
package import TLS

/// The folder with an enrolled agent's identity, readable by its owner alone.
///
/// A key and its certificate are two files. Both are on disk under other names before either is exchanged, so whoever is
/// ended in between finds the rest at the next start.
package struct IdentityFolder: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// The certificate in use; `nil` when there is none.
    package func certificate() throws(TLSError) -> Certificate? {
        guard FileStamp(file("tls.crt")).exists else { return nil }
        return try IdentityMaterial.certificates(in: file("tls.crt")).first
    }

    /// Makes a key, and keeps it beside the one in use.
    package func makeKey() throws -> PrivateKey {
        let key = try PrivateKey.p256()
        try FileManager.default.createDirectory(
            atPath: path,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        try write(key.pem(), to: "tls.key.new")
        return key
    }

    /// Forgets a key that was made in vain.
    package func discardKey() {
        _ = unsafe unlink(file("tls.key.new"))
    }

    /// Puts the key that was made last into use, with its certificate and those who vouch for the services, all in PEM.
    ///
    /// Throws, and leaves everything as it is, when these do not belong together.
    package func exchange(certificate: String, authorities: String) throws {
        let chain = Array(certificate.utf8)
        guard try Certificate(pem: chain).belongs(to: IdentityMaterial.key(in: file("tls.key.new"))) else {
            throw TLSError(.identity, "the certificate that was issued is not for the key that was made")
        }
        try write(Array(authorities.utf8), to: "ca.crt.new")
        _ = try IdentityMaterial.certificates(in: file("ca.crt.new"))
        try write(chain, to: "tls.crt.new")
        try rename("ca.crt.new", to: "ca.crt")
        try rename("tls.key.new", to: "tls.key")
        try rename("tls.crt.new", to: "tls.crt")
        try sync()
    }

    /// Finishes an exchange that was cut short; to be called before the identity is read.
    package func finishExchange() throws {
        let new = file("tls.crt.new")
        guard FileStamp(new).exists, let next = try? IdentityMaterial.certificates(in: new).first else { return }
        // Without a key there is nothing to finish, and whoever reads the identity says so.
        guard let key = try? IdentityMaterial.key(in: file("tls.key")), next.belongs(to: key) else { return }
        try rename("tls.crt.new", to: "tls.crt")
        try sync()
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    private func write(_ bytes: [UInt8], to name: String) throws(SystemError) {
        // Made anew, so that it has the rights of a new file.
        _ = unsafe unlink(file(name))
        let new = try DiskFile(file(name), O_WRONLY | O_CREAT | O_EXCL)
        try new.write(bytes, at: 0)
        try new.sync()
    }

    private func rename(_ name: String, to other: String) throws(SystemError) {
        guard unsafe Glibc.rename(file(name), file(other)) == 0 else {
            throw SystemError(code: errno, message: file(other))
        }
    }

    /// The names of its files.
    private func sync() throws(SystemError) {
        try DiskFile(path, O_RDONLY | O_DIRECTORY).sync()
    }
}
