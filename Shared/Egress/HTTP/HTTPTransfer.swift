public import EventLoop
import HTTP
public import TLS

/// One request and its response on one connection, wherever that is made.
public struct HTTPTransfer {
    let connection: EgressConnection
    let dialogue: HTTPDialogue
    private let url: EgressURL

    /// Over TLS when there is a context, which offers `protocols`.
    ///
    /// Without a loop HTTP/1.1 alone is spoken. `time` is that of `EgressConnection`.
    public init(
        _ request: EgressRequest,
        _ url: EgressURL,
        to address: IPAddress,
        context: TLSContext?,
        time: Int64? = nil,
        on loop: EventLoop?
    ) {
        self.url = url
        connection = EgressConnection(
            address: SocketAddress(address, port: url.port),
            context: context,
            serverName: url.host,
            requiresTrust: request.verifiesCertificate,
            time: time
        )
        dialogue = HTTPDialogue(request, to: url, on: loop)
    }

    /// What is offered over TLS.
    public static func protocols(_ version: EgressRequest.Version?) -> [String] {
        switch version {
        case .http1: [ApplicationProtocol.http1.rawValue]
        case .http2: [ApplicationProtocol.http2.rawValue]
        case nil: [ApplicationProtocol.http2.rawValue, ApplicationProtocol.http1.rawValue]
        }
    }

    /// What is said on the connection, for an owner that makes it; `now` is that of
    /// `EgressConnection.phases`.
    public func phases(now: @escaping () -> UInt64) throws(EgressError) -> ConnectionPhases {
        try ConnectionPhases(connection, dialogue, now: now)
    }

    /// The response of a connection that is over.
    public func response(_ report: EgressConnection.Report) -> EgressResponse {
        EgressResponse(dialogue.response, report, from: connection.address, url)
    }

    /// To be called when the connection is over.
    public func close() { dialogue.close() }
}

extension EgressResponse {
    fileprivate init(
        _ response: HTTPExchangeResponse,
        _ report: EgressConnection.Report,
        from address: SocketAddress,
        _ url: EgressURL
    ) {
        self.init(
            status: response.status,
            httpVersion: response.version,
            headers: response.fields.all.map(EgressHeader.init),
            body: response.body,
            isBodyCut: response.isBodyCut,
            times: report.times,
            remoteAddress: address.description,
            inspection: report.inspection
        )
        guard (300..<400).contains(status), let location = response.fields["location"], !location.isEmpty else {
            return
        }
        redirect = url.resolving(location) ?? location
    }
}
