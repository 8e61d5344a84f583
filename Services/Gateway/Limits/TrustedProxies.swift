import EventLoop
import HTTP

/// Finds out where a request comes from when proxies stand before the gateway: `x-forwarded-for` is believed as far as
/// those wrote it who are trusted, and no further.
struct TrustedProxies: Sendable {
    private let networks: [IPNetwork]

    init(_ networks: [IPNetwork]) {
        self.networks = networks
    }

    /// The request as of the peer that it comes from: the rightmost hop that is no trusted proxy.
    func relayed(_ request: HTTPRequest) -> HTTPRequest {
        guard !networks.isEmpty, let sender = Self.address(in: request.peer.address), isTrusted(sender) else {
            return request
        }
        let hops = Self.values(of: "x-forwarded-for", in: request.fields)
        var client = sender
        // A hop that is no address was not written by a proxy of ours, and neither was what stands before it.
        for hop in hops.reversed() {
            guard let address = Self.address(in: hop) else { break }
            client = address
            guard isTrusted(address) else { break }
        }
        let protocols = Self.values(of: "x-forwarded-proto", in: request.fields)
        let isEncrypted = request.peer.isEncrypted || protocols.last == "https"
        let text = client.isV4 ? "\(client):0" : "[\(client)]:0"
        return request.relayed(
            from: HTTPPeer(address: text, service: request.peer.service, isEncrypted: isEncrypted)
        )
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        networks.contains { $0.contains(address) }
    }

    private static func values(of name: String, in fields: HTTPFields) -> [String] {
        fields.all.filter { $0.name == name }.flatMap { field in
            field.value.split(separator: ",").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        }
    }

    /// Reads an address with or without a port, and IPv6 with or without brackets.
    private static func address(in text: String) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        guard text.hasPrefix("[") else { return IPAddress(String(text.prefix { $0 != ":" })) }
        return IPAddress(String(text.dropFirst().prefix { $0 != "]" }))
    }
}
