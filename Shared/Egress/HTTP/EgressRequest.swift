public import EventLoop
public import TLS

/// One field of a request or a response.
public struct EgressHeader: Equatable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// An HTTP request to be sent out of the mesh.
public struct EgressRequest: Sendable {
    public var method: String
    /// `http` or `https`, without a user.
    public var url: String
    public var headers: [EgressHeader] = []
    public var body: [UInt8]?
    /// For all of it: resolution, redirects, the last byte.
    public var timeout: Duration
    public var family = FamilyChoice.any
    /// An address of the URL's host, which a gate let through, to connect to in place of the first one.
    public var pinned: IPAddress?
    /// Bytes of the body that are kept; the transfer ends, as a success, when there are more.
    public var maximumBodyBytes = 65_536
    /// Bytes of header lines, of all responses together; the transfer fails when there are more.
    public var maximumHeaderBytes = 65_536
    /// Redirects that are followed, each checked like the first URL; with 0 a redirect is a response like any other.
    public var maximumRedirects = 0
    public var verifiesCertificate = true
    /// What is to be spoken; over TLS both sides agree on one of the two.
    public var version: Version?

    /// A version of HTTP.
    public enum Version: String, Sendable {
        case http1 = "1.1"
        case http2 = "2"
    }

    public init(_ method: String = "GET", _ url: String, timeout: Duration = .seconds(10)) {
        self.method = method
        self.url = url
        self.timeout = timeout
    }
}

public struct EgressResponse: Sendable {
    public var status: Int
    /// `1.0`, `1.1` or `2`.
    public var httpVersion: String
    public var headers: [EgressHeader]
    /// As it came: a compressed body stays compressed.
    public var body: [UInt8]
    /// There was more of the body than the request wanted to keep.
    public var isBodyCut: Bool
    public var times: EgressTimes
    /// The address and port that were connected to.
    public var remoteAddress: String
    /// Where a redirect leads.
    public var redirect: String?
    /// Redirects that were followed to get here.
    public var redirectCount = 0
    /// What the server showed over TLS.
    public var inspection: PeerInspection?

    /// The first field of this name, which is compared in any case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

extension EgressRequest {
    /// Throws `EgressError` with `badRequest` when a part of the request could end a line of its own making.
    func validate() throws(EgressError) {
        let isToken: (String) -> Bool = { text in
            !text.isEmpty
                && text.utf8.allSatisfy { byte in
                    (33...126).contains(byte) && !#""(),/:;<=>?@[\]{}"#.utf8.contains(byte)
                }
        }
        let isValue: (String) -> Bool = { text in
            text.utf8.allSatisfy { $0 == 9 || $0 >= 32 && $0 != 127 }
        }
        guard isToken(method) else { throw EgressError(.badRequest, "the method is no token") }
        guard headers.allSatisfy({ isToken($0.name) && isValue($0.value) }) else {
            throw EgressError(.badRequest, "a header has a character that headers cannot have")
        }
        // What says how a message is delimited is not for its sender to say twice.
        let own = ["te", "trailer", "transfer-encoding", "upgrade"]
        guard !headers.contains(where: { own.contains($0.name.lowercased()) }) else {
            throw EgressError(.badRequest, "a header is the connection's own")
        }
        guard timeout > .zero else { throw EgressError(.timeout, "no time was given") }
    }
}
