import Contracts
import Database
import Egress
import EventLoop
import JSONRPC

/// Answers `receiver.*`.
struct ReceiverCatalog: Sendable {
    let book: AlertBook
    let policy: AddressPolicy
    let now: @Sendable () -> Timestamp

    func addRoutes(to router: inout RPCRouter) {
        router.handle(.listReceivers, list)
        router.handle(.createReceiver, create)
        router.handle(.deleteReceiver, delete)
    }

    func list(_: Empty) async throws -> ReceiverList {
        let tenant = try Person.ofCall.tenant
        try await book.welcome(tenant, at: now())
        return ReceiverList(receivers: try await book.read { try $0.receivers(of: tenant) })
    }

    func create(_ new: NewReceiver) async throws -> Receiver {
        let tenant = try Person.ofCall.tenant
        try checkText(new.name, "name", 1...200)
        let url = try validURL(of: new)
        let receiver = Receiver(id: .make(), name: new.name, kind: new.kind, url: url, createdAt: now())
        return try await book.write { [limit = book.limits.receivers] connection in
            let count: Int =
                try connection.value("SELECT count(*) FROM receiver WHERE tenant = \(tenant.rawValue)") ?? 0
            guard count < limit else {
                throw RPCError(.conflict, "there are \(count) receivers already, which is the limit")
            }
            try connection.execute(receiver.insertion(of: tenant))
            return receiver
        }
    }

    func delete(_ reference: ReceiverReference) async throws -> Empty {
        let tenant = try Person.ofCall.tenant
        return try await book.write { connection in
            let count = try connection.execute(
                "DELETE FROM receiver WHERE tenant = \(tenant.rawValue) AND id = \(reference.id.rawValue)"
            )
            guard count > 0 else { throw RPCError(.notFound, "there is no receiver \(reference.id)") }
            return Empty()
        }
    }

    /// The URL as it will be connected to.
    ///
    /// What a name leads to is checked at each attempt, an address here already.
    private func validURL(of new: NewReceiver) throws(RPCError) -> String? {
        guard new.kind == .webhook else {
            guard new.url == nil else { throw invalid("url", "is for webhooks only") }
            return nil
        }
        guard let text = new.url else { throw invalid("url", "must be given for a webhook") }
        guard (1...2_048).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw invalid("url", "must have 1 to 2048 ASCII characters and no spaces")
        }
        let url: EgressURL
        do {
            url = try EgressURL(text)
        } catch {
            throw invalid("url", "must be an http or https URL without a user: \(error.message)")
        }
        if let address = IPAddress(url.host), !policy.allows(address) {
            throw invalid("url", "must not lead to a \(AddressClass(of: address).rawValue) address")
        }
        return url.text
    }
}
