public import Contracts
import JSON
public import JSONRPC
import Observability

/// Makes calls for somebody else than the router's door would; one with an `OpenDoor` believes it.
public func acting<Result>(as person: Person, _ body: () async throws -> Result) async rethrows -> Result {
    var random = SystemRandomNumberGenerator()
    let context = CallContext(trace: .random(using: &random), principal: person)
    return try await CallContext.$ofTask.withValue(context) { try await body() }
}

/// Makes calls as a peer of this identity, such as `spiffe://sonde/ns/default/sa/probe-agent`.
public func calling(as identity: String, _ body: () async throws -> Void) async rethrows {
    var random = SystemRandomNumberGenerator()
    let peer = identity.split(separator: "/").last.map(String.init)
    let context = CallContext(trace: .random(using: &random), peer: peer, peerIdentity: identity)
    try await CallContext.$ofTask.withValue(context) { try await body() }
}

/// Calls methods with the ids of things of another tenant, and with ids that nothing has: the answers must be the same.
public struct IsolationProbe: Sendable {
    let router: RPCRouter
    /// What things of the other tenant are called, by the name of the parameter; `noun.id` for one that is just `id`.
    let ids: [String: String]
    /// What all tenants have in common, named like the others.
    let common: Set<String>

    public init(_ router: RPCRouter, ids: [String: String], common: Set<String> = []) {
        self.router = router
        self.ids = ids
        self.common = common
    }

    /// Every id field of every method, and what is answered otherwise than it would be for nothing at all.
    ///
    /// Throws when nobody says what a field's id is.
    public func leaks(_ methods: [RPCDescriptor], as stranger: Person) async throws -> (fields: Int, leaks: [String]) {
        var (fields, leaks) = (0, [String]())
        for method in methods {
            let noun = method.name.prefix { $0 != "." }
            for property in method.params.properties where property.schema.isID {
                let name = property.name == "id" ? "\(noun).id" : property.name
                guard !common.contains(name) else { continue }
                guard let id = ids[name] else { throw RPCError(.notFound, "\(method.name) \(property.name)") }
                fields += 1
                let foreign = await answer(method, property, id, stranger)
                let nobody = UUIDv7.make().description
                let none = await answer(method, property, nobody, stranger).replacing(nobody, with: id)
                if foreign != none { leaks.append("\(method.name) \(property.name): \(foreign) instead of \(none)") }
            }
        }
        return (fields, leaks)
    }

    private func answer(
        _ method: RPCDescriptor,
        _ property: JSONSchema.Property,
        _ id: String,
        _ stranger: Person
    ) async -> String {
        var params: [String: JSONValue] = [:]
        let text = UUIDv7.make().description
        for other in method.params.properties where other.isRequired { params[other.name] = other.schema.sample(text) }
        params[property.name] = property.schema.isList ? .array([.string(id)]) : .string(id)
        var random = SystemRandomNumberGenerator()
        let context = CallContext(trace: .random(using: &random), peer: RPCPeer.gateway.rawValue, principal: stranger)
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method.name), "params": .object(params),
        ]
        let answer: String
        if method.isStream {
            do {
                let params = JSONValue.object(params).json()
                let reply = try await router.follow(method, raw: params[...], context: context)
                answer = String(decoding: reply.result, as: UTF8.self)
            } catch {
                answer = "\(error)"
            }
        } else if case .message(let body) = await router.respond(to: request.json(), context: context) {
            answer = String(decoding: body, as: UTF8.self)
        } else {
            answer = "no answer"
        }
        // What is made is new each time, and so are the names and times in it.
        return answer.replacing(text, with: "text")
            .replacing(/"[0-9TZ:.+-]{19,40}"/, with: "\"time\"")
            .replacing(/"id":"[0-9a-f-]{36}"/) { $0.output.contains(id) ? String($0.output) : "\"id\":\"new\"" }
    }
}

extension JSONSchema {
    fileprivate var isID: Bool {
        switch self {
        case .string(format: "uuid", _): true
        case .array(let element): element.isID
        case .nullable(let inner): inner.isID
        default: false
        }
    }

    fileprivate var isList: Bool {
        switch self {
        case .array: true
        case .nullable(let inner): inner.isList
        default: false
        }
    }

    /// Some value that is one of these; `text` where any will do.
    fileprivate func sample(_ text: String) -> JSONValue {
        switch self {
        case .any, .nullable: .null
        case .boolean: .bool(true)
        case .integer: .int(1)
        case .number: .double(1)
        case .string(format: "uuid", _): "01a00000-0000-7000-8000-000000000000"
        case .string(format: "date-time", _): "2027-01-15T08:00:00Z"
        case .string(_, let choices): .string(choices.first ?? text)
        case .array: []
        case .dictionary: [:]
        case .object(_, let properties):
            .object(
                Dictionary(properties.filter(\.isRequired).map { ($0.name, $0.schema.sample(text)) }) { first, _ in
                    first
                }
            )
        }
    }
}
