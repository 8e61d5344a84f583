/// What a resolver can be asked for, by its number on the wire (RFC 1035, RFC 3596, RFC 2782).
public enum DNSRecordType: UInt16, Sendable, CaseIterable {
    case a = 1
    case ns = 2
    case cname = 5
    case soa = 6
    case mx = 15
    case txt = 16
    case aaaa = 28
    case srv = 33

    /// `A`, `AAAA` and so on, in any case.
    public init?(name: String) {
        let name = name.uppercased()
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    public var name: String {
        switch self {
        case .a: "A"
        case .ns: "NS"
        case .cname: "CNAME"
        case .soa: "SOA"
        case .mx: "MX"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        case .srv: "SRV"
        }
    }
}

/// What a resolver answered.
public struct DNSAnswer: Equatable, Sendable {
    public struct Record: Equatable, Sendable {
        public var name: String
        public var type: DNSRecordType
        public var timeToLiveSeconds: UInt32
        /// As a zone file would have it, names without their last dot: `192.0.2.1`, `10 mail.example.org`.
        public var text: String
    }

    /// 0 is success, 3 says that the name does not exist (RFC 1035 section 4.1.1, RFC 6895).
    public var responseCode: Int
    public var isAuthoritative: Bool
    /// Those of the answer section whose type this library knows.
    public var records: [Record]
    /// From the query's start to its answer, with all repetitions.
    public var elapsedMicroseconds: Int

    /// `NOERROR`, `NXDOMAIN` and so on.
    public var responseCodeName: String {
        let names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]
        return names.indices.contains(responseCode) ? names[responseCode] : "RCODE\(responseCode)"
    }
}
