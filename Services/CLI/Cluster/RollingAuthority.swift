import TLS

/// An authority that is replaced before it ends, without anyone being refused.
///
/// When a third of its life is left, its successor is made and trusted beside it. When everyone has heard of that, the
/// successor signs, and the old one stays trusted until it ends. Kept as `<stem>.crt`, which is everyone to be trusted,
/// `<stem>.key`, which signs, and, for as long as there is a successor that does not sign yet, `<stem>-next.key`.
struct RollingAuthority {
    /// How long an authority is good for.
    static let lifetime = Duration.seconds(3_650 * 86_400)
    /// How long it takes until everyone has heard of a successor: enrolled agents come for a new certificate, and for
    /// what it is to be checked by, within seven days.
    static let spreading: Int64 = 8 * 86_400
    /// An authority that ends sooner than that is replaced whoever may have heard of it.
    private static let lastDay: Int64 = 86_400

    /// `ca` or `agents`.
    let stem: String
    private let name: String
    private let trustDomain: String
    private(set) var current: CertificateAuthority
    private var currentKey: PrivateKey
    private(set) var next: CertificateAuthority?
    private var nextKey: PrivateKey?
    /// Signs no more, and is trusted until it ends.
    private(set) var previous: [Certificate] = []

    /// Everyone to be trusted, the one that signs first.
    var trusted: [Certificate] { [current.certificate] + [next?.certificate].compactMap(\.self) + previous }

    /// A new one; `name` is what its certificates are called by.
    init(_ stem: String, _ name: String, trustDomain: String, now: Int64) throws {
        self.stem = stem
        self.name = name
        self.trustDomain = trustDomain
        (current, currentKey) = try Self.make(name, trustDomain, now)
    }

    /// Reads one as it is kept.
    init(
        _ stem: String,
        _ name: String,
        from file: (String) -> [UInt8]?
    ) throws {
        self.stem = stem
        self.name = name
        let all = try IdentityMaterial.certificates(pem: try Self.required("\(stem).crt", file))
        currentKey = try PrivateKey(pem: try Self.required("\(stem).key", file))
        nextKey = try file("\(stem)-next.key").map { try PrivateKey(pem: $0) }
        guard let own = all.first(where: { [currentKey] in $0.belongs(to: currentKey) }) else {
            throw TLSError(.identity, "\(stem).key is of none of the certificates in \(stem).crt")
        }
        current = try CertificateAuthority(certificate: own, key: currentKey)
        trustDomain = try own.spiffeID().trustDomain
        if let nextKey {
            next = try all.first { $0.belongs(to: nextKey) }
                .map { try CertificateAuthority(certificate: $0, key: nextKey) }
        }
        let signing = trusted
        previous = all.filter { certificate in !signing.contains { $0.isSame(as: certificate) } }
    }

    /// The files that keep it; `nil` for one that is to be gone.
    func files() throws -> [String: [UInt8]?] {
        [
            "\(stem).crt": try IdentityFiles.pem(trusted), "\(stem).key": try currentKey.pem(),
            "\(stem)-next.key": try nextKey?.pem(),
        ]
    }

    /// Does what is due at `now`, in seconds since 1970.
    ///
    /// `isTrusted` says whether everyone who has been given files was given that certificate.
    mutating func advance(to now: Int64, isTrusted: (Certificate) -> Bool) throws {
        previous.removeAll { $0.notAfter <= now }
        let left = current.certificate.notAfter - now
        if let next, let nextKey {
            let hasSpread = now - next.certificate.notBefore >= Self.spreading && isTrusted(next.certificate)
            guard hasSpread || left <= Self.lastDay else { return }
            if left > 0 { previous.append(current.certificate) }
            (current, currentKey) = (next, nextKey)
            (self.next, self.nextKey) = (nil, nil)
        } else if left <= 0 {
            (current, currentKey) = try Self.make(name, trustDomain, now)
        } else if current.certificate.isDue(at: now) {
            let (next, key) = try Self.make(name, trustDomain, now)
            (self.next, nextKey) = (next, key)
        }
    }

    /// Each with a name of its own: of two that have the same, a peer would not find the one that signed.
    private static func make(
        _ name: String,
        _ trustDomain: String,
        _ now: Int64
    ) throws -> (CertificateAuthority, PrivateKey) {
        let suffix = try randomBytes(4).hexadecimal
        return try CertificateAuthority.make(
            "\(name) \(suffix)",
            trustDomain: trustDomain,
            lifetime: lifetime,
            startingAt: now
        )
    }

    private static func required(_ name: String, _ file: (String) -> [UInt8]?) throws -> [UInt8] {
        guard let bytes = file(name) else { throw TLSError(.identity, "\(name) is missing") }
        return bytes
    }
}

extension Certificate {
    /// No more than a third of its life is left at `now`, in seconds since 1970.
    func isDue(at now: Int64) -> Bool {
        (notAfter - now) * 3 <= notAfter - notBefore
    }
}

extension [UInt8] {
    /// Two lowercase digits a byte.
    var hexadecimal: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
