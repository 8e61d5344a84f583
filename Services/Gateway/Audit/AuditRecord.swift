import Contracts
import JSON
import JSONRPC
import Observability

/// What is kept of one call: never a param that is no id.
struct AuditRecord: Sendable {
    var time: Timestamp
    var tenant: TenantID?
    var personID: PersonID?
    var email: String?
    var tokenID: String?
    var address: String
    var method: String
    var ids: [String]
    var code: Int?
    /// As whom somebody tried to sign in; kept only where there is such a person.
    var claimedEmail: String?

    /// Ids that are kept of one call.
    private static let maximumIDs = 1_000

    init(_ call: AnsweredCall, by visit: Visit?, at time: Timestamp) {
        let person = call.context.person ?? visit?.person
        self.time = time
        tenant = person?.tenant
        personID = person?.id
        email = person?.email
        tokenID = visit?.isProgram == true ? person?.login?.rawValue : nil
        address = call.context.address ?? ""
        method = call.method.name
        code = call.error?.code.rawValue
        claimedEmail = person == nil ? visit?.email : nil
        let result = call.method.result.properties.filter { $0.name == "id" }
        let found =
            Self.ids(in: call.params, call.method.params.properties) + Self.ids(in: call.result, result)
        var seen: Set<String> = []
        ids = Array(found.filter { seen.insert($0).inserted }.prefix(Self.maximumIDs))
    }

    /// The ids in the members that the contract declares; none when they are not what it declares.
    private static func ids(in bytes: ArraySlice<UInt8>, _ properties: [JSONSchema.Property]) -> [String] {
        let wanted = properties.filter { $0.schema.holdsID }
        guard !bytes.isEmpty, !wanted.isEmpty else { return [] }
        var ids: [String] = []
        do {
            try JSONReader.read(bytes) { reader throws(JSONError) in
                guard reader.peekKind() == .object else { return }
                try reader.beginObject()
                while let key = try reader.nextKey() {
                    guard let property = wanted.first(where: { $0.name == key.string }) else {
                        try reader.skip()
                        continue
                    }
                    collect(try JSONValue(from: &reader), property.schema, into: &ids)
                }
            }
        } catch {
            // What cannot be read concerned nothing; the call was refused for it.
            return []
        }
        return ids
    }

    private static func collect(_ value: JSONValue, _ schema: JSONSchema, into ids: inout [String]) {
        switch (schema, value) {
        case (.string(format: "uuid", _), .string(let text)):
            if let id = UUIDv7(text) { ids.append(id.description) }
        case (.array(let schema), .array(let elements)):
            for element in elements { collect(element, schema, into: &ids) }
        case (.dictionary(let schema), .object(let members)):
            for key in members.keys.sorted() { collect(members[key] ?? .null, schema, into: &ids) }
        case (.object(_, let properties), .object(let members)):
            for property in properties { collect(members[property.name] ?? .null, property.schema, into: &ids) }
        case (.nullable(let schema), _): collect(value, schema, into: &ids)
        default: return
        }
    }
}

extension JSONSchema {
    /// Whether a UUID stands anywhere in it.
    var holdsID: Bool {
        switch self {
        case .string(format: "uuid", _): true
        case .array(let inner), .dictionary(let inner), .nullable(let inner): inner.holdsID
        case .object(_, let properties): properties.contains { $0.schema.holdsID }
        default: false
        }
    }
}
