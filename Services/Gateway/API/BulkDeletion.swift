import Contracts
import JSON
import JSONRPC

/// `noun.delete_many`, made for every contract that deletes one thing by its id: many ids, and what became of each.
enum BulkDeletion {
    static let maximumIDs = 1_000
    /// Deletions of one call that are under way at once.
    private static let width = 8

    /// The contract for many; `nil` for a method that does not delete by an id alone, and for what ends somebody's access,
    /// which is to be done one by one.
    static func contract(of method: RPCDescriptor) -> RPCDescriptor? {
        let ids = method.params.properties.filter(\.isRequired)
        guard method.owner != .gateway, method.name.hasSuffix(".delete"), let rest = method.rest, rest.verb == .delete,
            rest.path.hasSuffix("/{id}"), ids == [JSONSchema.Property("id", .uuid)]
        else { return nil }
        var many = method
        many.name = method.name + "_many"
        many.summary = "\(method.summary.dropLast()), for each of up to \(maximumIDs) ids by itself."
        many.callers = []
        many.rest = .post(rest.path.replacing("/{id}", with: "/delete"))
        many.params = .object(name: "DeleteMany", [JSONSchema.Property("ids", .array(.uuid))])
        many.result = .object(name: "DeletedMany", [JSONSchema.Property("results", .array(outcome))])
        return many
    }

    private static let outcome = JSONSchema.object(
        name: "DeletedOne",
        [
            JSONSchema.Property("id", .uuid),
            JSONSchema.Property("deleted", .boolean),
            JSONSchema.Property("problem", .object(name: "Problem", []), isRequired: false),
        ]
    )

    /// Deletes one after another, some at once; the results stand in the order of the ids.
    static func run(
        _ params: ArraySlice<UInt8>,
        deleting: @escaping @Sendable (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> [UInt8] {
        let ids = try ids(in: params)
        return try await withThrowingTaskGroup(of: (Int, RPCError?).self) { group in
            var errors: [RPCError?] = Array(repeating: nil, count: ids.count)
            for (index, id) in ids.enumerated() {
                if index >= width, let (done, error) = try await group.next() { errors[done] = error }
                group.addTask { (index, try await outcome(of: id, deleting)) }
            }
            while let (done, error) = try await group.next() { errors[done] = error }
            return document(ids, errors)
        }
    }

    private static func outcome(
        of id: UUIDv7,
        _ deleting: @Sendable (ArraySlice<UInt8>) async throws -> Void
    ) async throws -> RPCError? {
        do {
            try await deleting(JSONValue.object(["id": .string(id.description)]).json()[...])
            return nil
        } catch let error as RPCError {
            return error
        }
    }

    private static func document(_ ids: [UUIDv7], _ errors: [RPCError?]) -> [UInt8] {
        let results = zip(ids, errors).map { id, error -> JSONValue in
            var members: [String: JSONValue] = ["id": .string(id.description), "deleted": .bool(error == nil)]
            if let error { members["problem"] = Problem.document(error) }
            return .object(members)
        }
        return JSONValue.object(["results": .array(results)]).json()
    }

    private static func ids(in params: ArraySlice<UInt8>) throws(RPCError) -> [UUIDv7] {
        guard let members = try? JSONValue(json: params), case .array(let elements)? = members["ids"] else {
            throw invalid("ids", "must be a list of ids")
        }
        try checkNumber(elements.count, "ids", 1...maximumIDs)
        var ids: [UUIDv7] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element, let id = UUIDv7(text) else {
                throw invalid("ids[\(index)]", "is no id")
            }
            ids.append(id)
        }
        guard Set(ids.map(\.description)).count == ids.count else { throw invalid("ids", "must each be named once") }
        return ids
    }
}

/// Every method that people may call, with what the gateway makes of the contracts by itself.
let gatewayMethods = publicMethods.flatMap { [$0] + [BulkDeletion.contract(of: $0)].compactMap { $0 } }
