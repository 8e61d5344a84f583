import Foundation
import HTTP
import JSON
import Lifecycle
import Synchronization

/// What a server of the Kubernetes API answers.
struct KubernetesAnswers: Sendable {
    /// Where a request leads.
    private struct Place {
        var collection: KubernetesStore.Collection
        var namespace: String
        var name: String?
    }

    let backend: KubernetesBackend

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        let line = "\(request.method.rawValue) \(request.path)" + (request.query.map { "?\($0)" } ?? "")
        // Whoever reads that a request came may rely on what holds for it.
        let (token, denied, epoch, compacted) = backend.state.withLock { state in
            (state.token, state.denied, state.epoch, state.store.compacted)
        }
        let fault = takeFault(for: line)
        backend.note(line)
        if let fault { return await respond(with: fault) }
        guard request.fields["authorization"] == "Bearer \(token)" else {
            return status(401, "Unauthorized", "Unauthorized")
        }
        if let denied, line.contains(denied) { return status(403, "Forbidden", "\(denied) is forbidden") }
        guard let place = place(of: request.path), KubernetesStore.kinds[place.collection] != nil else {
            return status(404, "NotFound", "the server could not find the requested resource")
        }
        let query = parameters(of: request.query)
        do {
            switch (request.method, place.name) {
            case (.get, nil) where query["watch"] != nil: return watch(place, query, epoch, compacted)
            case (.get, nil): return list(place, query)
            case (.get, let name?):
                return json(
                    200,
                    try backend.state.withLock { try $0.store.get(place.collection, place.namespace, name) }
                )
            case (.post, nil):
                let object = try JSONValue(json: request.body)
                return json(201, try backend.change { try $0.create(place.collection, place.namespace, object) })
            case (.patch, let name?):
                guard request.fields["content-type"] == "application/merge-patch+json" else {
                    return status(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
                }
                let patch = try JSONValue(json: request.body)
                return json(200, try backend.change { try $0.patch(place.collection, place.namespace, name, patch) })
            default: return status(405, "MethodNotAllowed", "the server does not allow this method")
            }
        } catch {
            return refusal(error, place)
        }
    }

    // MARK: Reading

    private func list(_ place: Place, _ query: [String: String]) -> HTTPResponse {
        let limit = query["limit"].flatMap { Int($0) } ?? .max
        // Where a page goes on: the version that the first one was of, and the last key.
        let token = query["continue"]?.split(separator: ":", maxSplits: 1).map(String.init) ?? []
        let (all, now, compacted) = backend.state.withLock { state in
            (state.store.list(place.collection, place.namespace), state.store.version, state.store.compacted)
        }
        let version = token.first.flatMap { Int($0) } ?? now
        guard version >= compacted else { return expired }
        let rest = token.count == 2 ? all.filter { $0.key > token[1] } : all
        let page = rest.prefix(limit)
        var metadata: [String: JSONValue] = ["resourceVersion": .string("\(version)")]
        if page.count < rest.count, let last = page.last {
            metadata["continue"] = .string("\(version):\(last.key)")
            metadata["remainingItemCount"] = .int(rest.count - page.count)
        }
        // Objects of a list do not say their kind.
        let items = page.map { $0.object.merged(["kind": .null, "apiVersion": .null]) }
        return json(200, ["kind": "List", "metadata": .object(metadata), "items": .array(items)])
    }

    private func watch(
        _ place: Place,
        _ query: [String: String],
        _ epoch: Int,
        _ compacted: Int
    ) -> HTTPResponse {
        guard let version = query["resourceVersion"].flatMap({ Int($0) }), version > 0 else {
            return status(400, "BadRequest", "this server watches from a version alone")
        }
        guard version >= compacted else { return expired }
        let wantsMarks = query["allowWatchBookmarks"] == "true"
        let fields: HTTPFields = ["content-type": "application/json"]
        return HTTPResponse(
            status: 200,
            fields: fields,
            body: .stream { [backend] writer in
                var told = 0
                while true {
                    let change = backend.changes.current.version
                    let (events, end) = backend.state.withLock { state in
                        let events = state.store.events(
                            place.collection,
                            place.namespace,
                            after: version,
                            told,
                            withBookmarks: wantsMarks
                        )
                        return (events, state.epoch == epoch ? nil : state.ending)
                    }
                    for event in events {
                        try await Self.write(["type": .string(event.type), "object": event.object], to: writer)
                        told = event.number
                    }
                    switch end {
                    case .proper?: return
                    case .withinLine?:
                        try await writer.write(Array(#"{"type":"ADDED","object":{"metadata":{"na"#.utf8))
                        throw HTTPError(.reset, "breaks off")
                    case nil: _ = try await backend.changes.next(after: change)
                    }
                }
            }
        )
    }

    /// In pieces that end anywhere.
    private static func write(_ line: JSONValue, to writer: HTTPBodyWriter) async throws {
        let bytes = line.json() + [0x0a]
        for start in stride(from: 0, to: bytes.count, by: 97) {
            try await writer.write(Array(bytes[start..<min(start + 97, bytes.count)]))
            await Task.yield()
        }
    }

    // MARK: Refusing

    private var expired: HTTPResponse {
        status(410, "Expired", "The resourceVersion for the provided watch is too old.")
    }

    private func refusal(_ error: any Error, _ place: Place) -> HTTPResponse {
        let name = "\(place.collection) \"\(place.name ?? "")\""
        switch error as? KubernetesStore.Failure {
        case .notFound?: return status(404, "NotFound", "\(name) not found")
        case .exists?: return status(409, "AlreadyExists", "\(name) already exists")
        case .conflict?: return status(409, "Conflict", "the object has been modified; please apply your changes to it")
        case .invalid(let reason)?: return status(422, "Invalid", reason)
        case nil: return status(400, "BadRequest", "\(error)")
        }
    }

    private func takeFault(for line: String) -> KubernetesFault? {
        backend.state.withLock { state in
            guard let index = state.faults.firstIndex(where: { line.contains($0.part) }) else { return nil }
            return state.faults.remove(at: index).fault
        }
    }

    private func respond(with fault: KubernetesFault) async -> HTTPResponse {
        let fields: HTTPFields = ["content-type": "application/json"]
        switch fault {
        case .status(let code, let reason, let message, let seconds):
            var response = status(code, reason, message)
            if let seconds { response.fields.append("retry-after", "\(seconds)") }
            return response
        case .silence:
            _ = try? await Latest(0).next(after: 0)
            return HTTPResponse(status: 500)
        case .deafness:
            return HTTPResponse(
                status: 200,
                fields: fields,
                body: .stream { writer in
                    try await writer.write([])
                    _ = try await Latest(0).next(after: 0)
                }
            )
        case .text(let text): return HTTPResponse(status: 200, fields: fields, body: .bytes(Array(text.utf8)))
        case .broken(let text):
            return HTTPResponse(
                status: 200,
                fields: fields,
                body: .stream { writer in
                    try await writer.write(Array(text.utf8))
                    throw HTTPError(.reset, "breaks off")
                }
            )
        }
    }

    private func status(_ code: Int, _ reason: String, _ message: String) -> HTTPResponse {
        json(
            code,
            [
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": .int(code),
                "reason": .string(reason), "message": .string(message),
            ]
        )
    }

    private func json(_ status: Int, _ value: JSONValue) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "application/json", value.json())
    }

    // MARK: Addresses

    private func place(of path: String) -> Place? {
        var parts = path.split(separator: "/").map { String($0).removingPercentEncoding ?? "" }[...]
        let isCore = parts.popFirst() == "api"
        guard parts.count >= (isCore ? 2 : 3) else { return nil }
        let version = parts.prefix(isCore ? 1 : 2).joined(separator: "/")
        parts = parts.dropFirst(isCore ? 1 : 2)
        var namespace = ""
        if parts.first == "namespaces", parts.count >= 3 {
            namespace = parts[parts.startIndex + 1]
            parts = parts.dropFirst(2)
        }
        guard let plural = parts.popFirst(), parts.count <= 1 else { return nil }
        return Place(collection: "\(version)/\(plural)", namespace: namespace, name: parts.first)
    }

    private func parameters(of query: String?) -> [String: String] {
        let pairs = (query ?? "").split(separator: "&").map { pair in
            pair.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
        }
        return Dictionary(pairs.map { ($0[0], $0.count > 1 ? $0[1] : "") }) { first, _ in first }
    }
}
