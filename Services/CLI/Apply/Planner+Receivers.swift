import Contracts
import Egress
import JSON

extension Planner {
    mutating func planReceivers() throws(CommandLineError) {
        let claimed = declared.receivers.compactMap(\.id?.rawValue)
        let index = NameIndex(installed.receivers, kind: .receiver, claimed: claimed) { ($0.id.rawValue, $0.name) }
        for item in declared.receivers {
            let new = NewReceiver(name: item.name, kind: item.kind, url: item.url.map(Self.normalized))
            let old = try index.find(id: item.id?.rawValue, name: item.name) { NewReceiver($0) == new }
            guard let old else {
                add(.create, .receiver, item.name, try Self.changes(nil, new), .createReceiver(new))
                continue
            }
            let changes = try Self.changes(NewReceiver(old), new)
            guard !changes.isEmpty else { continue }
            guard item.id == nil else {
                throw CommandLineError(
                    .failed,
                    "receiver \"\(item.name)\": a receiver cannot be changed, and its id would go; leave out the id"
                )
            }
            add(.replace, .receiver, item.name, changes, .replaceReceiver(old.id, new))
        }
    }

    /// As alerting keeps it; what is no URL is left for it to refuse.
    private static func normalized(_ url: String) -> String {
        (try? EgressURL(url))?.text ?? url
    }

    /// What a plan shows of a URL: not its path, which is often as good as a password.
    private static func changes(_ old: NewReceiver?, _ new: NewReceiver) throws(CommandLineError) -> [FieldChange] {
        var fields: [JSONValue?] = [nil, nil]
        if let old { fields[0] = try jsonFields(old) }
        fields[1] = try jsonFields(new)
        let changes = FieldChange.between(fields[0], fields[1]).filter { old != nil || $0.field != "name" }
        return changes.map { change in
            guard change.field == "url" else { return change }
            return FieldChange(field: change.field, old: masked(change.old), new: masked(change.new))
        }
    }

    private static func masked(_ url: JSONValue?) -> JSONValue? {
        guard case .string(let text) = url, let parts = try? EgressURL(text) else { return url }
        let port = parts.port == (parts.isSecure ? 443 : 80) ? "" : ":\(parts.port)"
        return "\(parts.isSecure ? "https" : "http")://\(parts.host)\(port)/…"
    }
}

extension NewReceiver {
    init(_ receiver: Receiver) {
        self.init(name: receiver.name, kind: receiver.kind, url: receiver.url)
    }
}
