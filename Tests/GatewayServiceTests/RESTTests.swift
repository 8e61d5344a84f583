import Contracts
import HTTP
import JSON
import JSONRPC
import Observability
import Testing

@testable import GatewayService

@Suite("REST")
struct RESTTests {
    /// A handler before a router that answers each method with its name and the params it got.
    private static func handler() -> RESTHandler {
        var router = RPCRouter(title: "test", authorizer: OpenDoor(), log: Log(label: "test", sink: MemorySink()))
        for method in gatewayMethods where !method.isStream {
            router.handle(
                method,
                raw: { params in
                    guard !params.contains(UInt8(ascii: "!")) else {
                        throw RPCError(.busy, "later", data: ["retry_after_ms": 1_500])
                    }
                    let text = #"{"method":"\#(method.name)","params":\#(String(decoding: params, as: UTF8.self))}"#
                    return RPCRawReply(result: Array(text.utf8)[...])
                }
            )
        }
        return RESTHandler(gatewayMethods, router: router)
    }

    private static func answer(
        _ method: HTTPMethod,
        _ path: String,
        query: String? = nil,
        type: String? = "application/json",
        _ body: String = ""
    ) async -> (status: Int, fields: HTTPFields, body: JSONValue) {
        let fields: HTTPFields = type.map { ["content-type": $0] } ?? [:]
        let request = HTTPRequest(
            method: method,
            path: "/api/v1" + path,
            query: query,
            authority: "a",
            fields: fields,
            body: Array(body.utf8)
        )
        let response = await CallContext.$ofTask.withValue(CallContext(trace: .example)) { await handler()(request) }
        guard case .bytes(let bytes) = response.body else { return (response.status, response.fields, .null) }
        return (response.status, response.fields, (try? JSONValue(json: bytes)) ?? .null)
    }

    private static let id = "0190163d-8694-739b-aea5-966c26f8ad91"

    @Test("finds the method of a verb and a path, and fills its params from all places")
    func routing() async {
        let list = await Self.answer(.get, "/targets")
        #expect(list.status == 200)
        #expect(list.body["method"] == "target.list")
        let made = await Self.answer(.post, "/targets", #"{"address":"a","name":"a"}"#)
        #expect(made.status == 201)
        #expect(made.body["params"]?["name"] == "a")
        let changed = await Self.answer(.patch, "/targets/\(Self.id)", #"{"name":"b"}"#)
        #expect(changed.body["method"] == "target.update")
        #expect(changed.body["params"]?["id"] == .string(Self.id))
        let deleted = await Self.answer(.delete, "/targets/\(Self.id)", type: nil)
        #expect(deleted.status == 204)
        #expect(deleted.body == .null)
    }

    @Test("says what there is instead")
    func missing() async {
        for path in ["/", "/nothing", "/targets/", "/targets//", "/targets/a/b", "/Targets", "/targets/%zz"] {
            #expect(await Self.answer(.get, path).status == 404, "\(path)")
        }
        for verb: HTTPMethod in [.delete, .patch, .get] {
            #expect(await Self.answer(verb, "/targets/delete", type: nil).status == 405)
        }
        let other = await Self.answer(HTTPMethod(rawValue: "PUT"), "/targets")
        #expect(other.status == 405)
        #expect(other.fields["allow"] == "GET, HEAD, OPTIONS, POST")
    }

    @Test("takes JSON alone", arguments: ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
    func type(type: String) async {
        #expect(await Self.answer(.post, "/targets", type: type, #"{"name":"a"}"#).status == 415)
        #expect(await Self.answer(.post, "/targets", type: nil, #"{"name":"a"}"#).status == 415)
    }

    @Test("refuses a body that is no JSON object", arguments: ["{", "[]", "1", "null", #"{"a":1,"a":2}"#, "{}{}"])
    func body(text: String) async {
        #expect(await Self.answer(.post, "/targets", text).status == 400)
    }

    @Test("tells what is wrong with a query by its name")
    func query() async {
        for (query, word) in [
            ("limit=x", "limit"), ("limit=1&limit=2", "limit"), ("limit=", "limit"), ("invented=1", "invented"),
        ] {
            let answer = await Self.answer(.get, "/targets", query: query)
            #expect(answer.status == 400)
            guard case .string(let detail)? = answer.body["detail"] else {
                Issue.record("no detail")
                continue
            }
            #expect(detail.contains(word))
            #expect(answer.body["field"] == .string(word))
        }
        #expect(await Self.answer(.get, "/targets", query: "limit=%ff").status == 400)
        let good = await Self.answer(.get, "/targets", query: "limit=7")
        #expect(good.body["params"]?["limit"] == 7)
    }

    @Test("tells when to come back")
    func busy() async {
        let answer = await Self.answer(.post, "/auth/login", #"{"email":"!"}"#)
        #expect(answer.status == 429)
        #expect(answer.fields["retry-after"] == "2")
        #expect(answer.fields["content-type"] == "application/problem+json")
    }

    @Test("answers with a file where a method streams, and with a problem where it does not begin to")
    func download() async throws {
        var router = RPCRouter(title: "test", authorizer: OpenDoor(), log: Log(label: "test", sink: MemorySink()))
        router.handle(.exportMeasurements) { filter in
            guard filter.status == nil else { throw RPCError(.invalidParams, "no", data: ["field": "status"]) }
            return RPCStream(Download(contentType: "text/csv", fileName: "a.csv")) { _ in }
        }
        let handler = RESTHandler(publicMethods, router: router)
        func get(_ query: String) async -> HTTPResponse {
            let path = "/api/v1/measurements/export"
            let request = HTTPRequest(method: .get, path: path, query: query, authority: "a", body: [])
            return await CallContext.$ofTask.withValue(CallContext(trace: .example)) { await handler(request) }
        }
        let file = await get("format=csv&target_ids=\(Self.id)&target_ids=\(Self.id)&all_fields=true")
        #expect(file.status == 200)
        #expect(file.fields["content-type"] == "text/csv")
        #expect(file.fields["content-disposition"] == "attachment; filename=\"a.csv\"")
        guard case .stream = file.body else { return #expect(Bool(false), "the body is no stream") }
        #expect(await get("status=odd").status == 400)
        #expect(await get("format=xml").status == 400)
        #expect(await get("target_ids=me").status == 400)
    }

    @Test("is described by OpenAPI as a whole, with no reference to what is not there")
    func openAPIDocument() throws {
        let document = openAPI(version: "1", methods: gatewayMethods)
        for method in gatewayMethods {
            guard let rest = method.rest else { continue }
            let operation = document["paths"]?[rest.path]?[rest.verb.rawValue.lowercased()]
            #expect(operation?["operationId"] == .string(method.name))
        }
        let references = Self.references(in: document)
        #expect(!references.isEmpty)
        for reference in references {
            let name = try #require(reference.split(separator: "/").last)
            let section = try #require(reference.split(separator: "/").dropFirst(2).first)
            #expect(reference == "#/components/\(section)/\(name)")
            #expect(document["components"]?[String(section)]?[String(name)] != nil, "\(reference)")
        }
    }

    private static func references(in value: JSONValue) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { found, member in
                if member.key == "$ref", case .string(let text) = member.value { found.insert(text) }
                found.formUnion(references(in: member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default: []
        }
    }
}
