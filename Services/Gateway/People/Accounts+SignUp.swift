import Contracts
import Database
import DatabaseCalls
import JSONRPC
import Tokens

/// How people come in: with an invitation, or where that is open by making a tenant.
extension Accounts {
    private enum Aim: Sendable {
        case joining(OpenInvitation)
        case making(tenantName: String)

        var tenantName: String {
            switch self {
            case .joining(let invitation): invitation.tenantName
            case .making(let name): name
            }
        }
    }

    /// Costs one hash whether the address is known or not; what cannot be hidden is said at `RPCMethod.signUp`.
    func signUp(_ new: SignUp) async throws -> TokenPair {
        let email = try EmailAddress.checked(new.email)
        let aim = try await aim(of: new, email: email)
        try rules.check(new.password, "password", names: PasswordRules.names(inEmail: email) + [aim.tenantName])
        var id: PersonID?
        var hash = ""
        try await attempt(email) {
            let known = try await database.read(as: .every) { try $0.password(of: email) }
            id = known?.id
            guard let known else {
                hash = try await hasher.hash(new.password)
                return true
            }
            hash = known.hash
            return try await hasher.verify(new.password, hash)
        }
        let member = try await enter(id, email, hash, aim)
        return try await signIn(member, proving: hash)
    }

    /// For who is signed in already.
    func accept(_ invitation: InvitationToken) async throws -> TokenPair {
        let (person, next, now) = (try Person.ofCall, try HandedOut(), now())
        let grant = try await database.write(as: .every) { connection in
            _ = try self.currentLogin(connection, of: person)
            let open = try connection.openInvitation(invitation.token, "token", for: person.email, now: now)
            try connection.use(open, by: person.id, now: now)
            return try self.continueSignIn(of: person, in: open.tenant, next, connection)
        }
        return try pair(grant, next)
    }

    private func aim(of new: SignUp, email: String) async throws -> Aim {
        let now = now()
        if let token = new.invitation {
            return .joining(
                try await database.read(as: .every) { try $0.openInvitation(token, "invitation", for: email, now: now) }
            )
        }
        guard isSignUpOpen else { throw RPCError(.permissionDenied, "signing up takes an invitation here") }
        guard let name = new.tenantName else { throw invalid("tenant_name", "is missing") }
        try checkText(name, "tenant_name", TenantLimits.nameCharacters)
        return .making(tenantName: name)
    }

    /// Makes the person, unless they are known, and the tenant, unless one is joined.
    private func enter(_ known: PersonID?, _ email: String, _ hash: String, _ aim: Aim) async throws -> MemberRow {
        let now = now()
        do {
            return try await database.write(as: .every) { connection in
                let id = known ?? .make()
                if known == nil { try connection.insert(id, email: email, hash: hash, now: now) }
                let tenant: TenantID
                switch aim {
                case .joining(let invitation):
                    tenant = invitation.tenant
                    try connection.use(invitation, by: id, now: now)
                case .making(let name):
                    tenant = try connection.makeTenant(name, now: now).id
                    try connection.join(id, tenant, as: .admin, now: now)
                }
                guard let member = try connection.membership(of: id, in: tenant) else {
                    throw RPCError(.notFound, "there is no such tenant")
                }
                return member
            }
        } catch let error as DatabaseError where error.constraint == .unique {
            // Somebody else has made a person of that address meanwhile, with another password.
            throw Self.refusal
        }
    }
}
