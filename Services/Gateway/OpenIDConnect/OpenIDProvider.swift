import Configuration
import Contracts
import Egress
import EventLoop
import Foundation
import JSON
import JSONRPC
import Observability
import Synchronization
import TLS

/// The OpenID provider of this installation: what it says of itself, its keys, and its word on who somebody is.
final class OpenIDProvider: Sendable {
    /// What was read of the provider, and when.
    private struct Knowledge {
        var document: ProviderDocument
        var keys: ProviderKeys
        var readAt: Timestamp
    }

    private static let timeout = Duration.seconds(10)
    private static let maximumBodyBytes = 1 << 20
    private static let maximumTransfers = 16
    private static let lifetime = Duration.seconds(3_600)
    /// Between two looks for a key that was not there at the first one.
    private static let keyPause = Duration.seconds(60)

    let settings: ProviderSettings
    private let egress: LoopBound<HTTPEgress>
    private let now: @Sendable () -> Timestamp
    private let log: Log
    private let known = Mutex<Knowledge?>(nil)

    private init(
        _ settings: ProviderSettings,
        _ egress: LoopBound<HTTPEgress>,
        now: @escaping @Sendable () -> Timestamp,
        log: Log
    ) {
        self.settings = settings
        self.egress = egress
        self.now = now
        self.log = log
    }

    /// Asks nothing yet: a gateway starts without its provider.
    static func open(
        _ settings: ProviderSettings,
        on loop: EventLoop,
        now: @escaping @Sendable () -> Timestamp = { .now },
        log: Log
    ) async -> OpenIDProvider {
        await withTaskExecutorPreference(loop) {
            let egress = HTTPEgress(
                AddressGate(DNSResolver(on: loop)),
                trust: TrustedAuthorities(file: settings.authorities),
                maximumTransfers: maximumTransfers
            )
            return OpenIDProvider(settings, LoopBound(egress, on: loop), now: now, log: log)
        }
    }

    /// Where the browser of somebody who wants to sign in is to go.
    func begin() async throws(RPCError) -> SignInFlow {
        try await answering { () async throws in
            let document = try await knowledge().document
            let flow = try FlowSecret()
            guard var url = URLComponents(string: document.authorizationEndpoint) else {
                throw ProviderError("its authorization endpoint is no URL")
            }
            url.queryItems =
                (url.queryItems ?? []) + [
                    URLQueryItem(name: "response_type", value: "code"),
                    URLQueryItem(name: "client_id", value: settings.clientID),
                    URLQueryItem(name: "redirect_uri", value: settings.callback),
                    URLQueryItem(name: "scope", value: settings.scopes),
                    URLQueryItem(name: "state", value: flow.state),
                    URLQueryItem(name: "nonce", value: flow.nonce),
                    URLQueryItem(name: "code_challenge", value: flow.challenge),
                    URLQueryItem(name: "code_challenge_method", value: "S256"),
                ]
            // A plus sign means a space in forms, and queries are read as such.
            url.percentEncodedQuery = url.percentEncodedQuery?.replacing("+", with: "%2B")
            guard let text = url.string else { throw ProviderError("its authorization endpoint is no URL") }
            return SignInFlow(url: text, flow: flow.text)
        }
    }

    /// Whom the provider has sent back.
    ///
    /// Throws `unauthenticated` for an answer that does not belong to the flow, or that the provider does not stand by.
    func identity(_ answer: SignInReturn) async throws(RPCError) -> ProvidedIdentity {
        guard let flow = FlowSecret(answer.flow), flow.state == answer.state,
            answer.iss ?? settings.issuer == settings.issuer
        else { throw Self.refusal }
        return try await answering { () async throws in
            let knowledge = try await knowledge()
            let token = try await exchange(answer.code, flow, knowledge.document)
            let expected = IDToken.Expectation(
                issuer: settings.issuer,
                clientID: settings.clientID,
                nonce: flow.nonce,
                now: now().seconds
            )
            do {
                let key = try await key(for: token, knowledge)
                return try token.identity(expected, key: key)
            } catch let error as ProviderError {
                log.warning("a provider's word is not believed", ["issuer": settings.issuer, "why": "\(error)"])
                throw Self.refusal
            }
        }
    }

    private static let refusal = RPCError(.unauthenticated, "the provider did not sign you in")

    /// Whatever the provider does wrong is its operator's to know.
    private func answering<T>(_ body: () async throws -> T) async throws(RPCError) -> T {
        do {
            return try await body()
        } catch let error as RPCError {
            throw error
        } catch {
            log.error("the provider cannot be used", ["issuer": settings.issuer, "error": "\(error)"])
            throw RPCError(.unavailable, "\(settings.name) cannot be asked now")
        }
    }

    // MARK: What the provider says

    private func knowledge() async throws -> Knowledge {
        if let known = known.withLock({ $0 }), known.readAt.duration(to: now()) < Self.lifetime { return known }
        return try await read()
    }

    private func read() async throws -> Knowledge {
        let slash = settings.issuer.hasSuffix("/") ? "" : "/"
        let bytes = try await get(settings.issuer + slash + ".well-known/openid-configuration")
        let document = try decodeJSON(ProviderDocument.self, from: bytes)
        guard document.issuer == settings.issuer else {
            throw ProviderError("it calls itself \(document.issuer)")
        }
        for url in [document.authorizationEndpoint, document.tokenEndpoint, document.keysURL] {
            guard ProviderSettings.isTrustworthy(url) else {
                throw ProviderError("it names \(url), which is not https")
            }
        }
        let keys = try ProviderKeys(json: try await get(document.keysURL))
        let knowledge = Knowledge(document: document, keys: keys, readAt: now())
        known.withLock { $0 = knowledge }
        return knowledge
    }

    /// The key that a token names; the provider is asked again for one that it has made since.
    private func key(for token: IDToken, _ knowledge: Knowledge) async throws -> PublicKey {
        if let key = knowledge.keys.key(token.keyID, for: token.algorithm) { return key }
        if knowledge.readAt.duration(to: now()) >= Self.keyPause {
            if let key = try await read().keys.key(token.keyID, for: token.algorithm) { return key }
        }
        throw ProviderError("its ID token is signed with a key that it does not publish")
    }

    private func exchange(_ code: String, _ flow: FlowSecret, _ document: ProviderDocument) async throws -> IDToken {
        var request = EgressRequest("POST", document.tokenEndpoint, timeout: Self.timeout)
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", settings.callback),
            ("code_verifier", flow.verifier),
        ]
        switch settings.clientSecret {
        case nil: form.append(("client_id", settings.clientID))
        case let secret? where document.takesSecretInBody:
            form += [("client_id", settings.clientID), ("client_secret", secret.exposed)]
        case let secret?:
            // Encoded as a form's value is, before anything else (RFC 6749, section 2.3.1).
            let words = "\(settings.clientID.percentEncoded):\(secret.exposed.percentEncoded)"
            let credentials = Data(words.utf8).base64EncodedString()
            request.headers.append(EgressHeader("Authorization", "Basic \(credentials)"))
        }
        request.headers.append(EgressHeader("Content-Type", "application/x-www-form-urlencoded"))
        request.body = Array(form.map { "\($0)=\($1.percentEncoded)" }.joined(separator: "&").utf8)
        let response = try await send(request)
        let answer = try? JSONValue(json: response.body)
        guard response.status == 200, let text = answer?["id_token"]?.text else {
            let reason = answer?["error"]?.text ?? "status \(response.status)"
            log.warning("a provider takes no code", ["issuer": settings.issuer, "why": reason])
            // A code that is wrong or used is the caller's; anything else is not.
            guard reason == "invalid_grant" || response.status == 400 || response.status == 403 else {
                throw ProviderError("it does not exchange a code: \(reason)")
            }
            throw Self.refusal
        }
        return try IDToken(text)
    }

    private func get(_ url: String) async throws -> [UInt8] {
        let response = try await send(EgressRequest("GET", url, timeout: Self.timeout))
        guard response.status == 200 else { throw ProviderError("\(url) answers with status \(response.status)") }
        return response.body
    }

    private func send(_ request: EgressRequest) async throws -> EgressResponse {
        var request = request
        request.maximumBodyBytes = Self.maximumBodyBytes
        request.headers += [EgressHeader("Accept", "application/json"), EgressHeader("User-Agent", "sonde-gateway")]
        return try await withTaskExecutorPreference(egress.loop) { [request] in
            try await self.egress.value.perform(request)
        }
    }
}
