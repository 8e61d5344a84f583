import Contracts
import JSONRPC

extension RPCRouter {
    /// Answers the gateway's own methods.
    mutating func addAccounts(_ accounts: Accounts) {
        handle(.currentPerson) { _ in try Person.ofCall }
        handle(.login) { credentials in
            // For the audit log, which keeps it only where there is such a person.
            Visit.current?.email = credentials.email
            return try await accounts.login(credentials)
        }
        handle(.refreshTokens) { try await accounts.refresh($0) }
        handle(.logout) { try await accounts.logout($0) }
        handle(.signUp) { try await accounts.signUp($0) }
        handle(.switchTenant) { try await accounts.switchTenant($0) }
        handle(.listMemberships) { _ in try await accounts.memberships() }
        handle(.listLogins) { _ in try await accounts.logins() }
        handle(.endLogin) { try await accounts.endLogin($0) }
        handle(.changePassword) { try await accounts.changePassword($0) }
        handle(.resetPassword) { try await accounts.resetPassword($0) }
        handle(.finishReset) { try await accounts.finishReset($0) }
        addTenants(accounts)
        addAPITokens(accounts)
    }

    /// Answers for sign-in by a provider, also where there is none.
    mutating func addProvider(_ provider: OpenIDProvider?, _ accounts: Accounts) {
        let none = RPCError(.permissionDenied, "nobody else signs people in here")
        handle(.listSignInProviders) { _ in
            SignInProviderList(providers: provider.map { [.init(name: $0.settings.name)] } ?? [])
        }
        handle(.beginProviderSignIn) { _ in
            guard let provider else { throw none }
            return try await provider.begin()
        }
        handle(.finishProviderSignIn) { answer in
            guard let provider else { throw none }
            let identity = try await provider.identity(answer)
            Visit.current?.email = identity.email
            return try await accounts.signIn(
                identity,
                invitation: answer.invitation,
                joining: provider.settings.tenant,
                as: provider.settings.role
            )
        }
    }

    private mutating func addTenants(_ accounts: Accounts) {
        handle(.getTenant) { _ in try await accounts.tenant() }
        handle(.updateTenant) { try await accounts.renameTenant($0) }
        handle(.listTenants) { try await accounts.tenants($0) }
        handle(.createTenant) { try await accounts.createTenant($0) }
        handle(.suspendTenant) { try await accounts.suspendTenant($0) }
        handle(.resumeTenant) { try await accounts.resumeTenant($0) }
        handle(.deleteTenant) { try await accounts.deleteTenant($0) }
        handle(.listMembers) { _ in try await accounts.members() }
        handle(.updateMember) { try await accounts.updateMember($0) }
        handle(.removeMember) { try await accounts.removeMember($0) }
        handle(.createInvitation) { try await accounts.invite($0) }
        handle(.listInvitations) { _ in try await accounts.invitations() }
        handle(.deleteInvitation) { try await accounts.deleteInvitation($0) }
        handle(.getInvitation) { try await accounts.offer(of: $0) }
        handle(.acceptInvitation) { try await accounts.accept($0) }
    }

    private mutating func addAPITokens(_ accounts: Accounts) {
        handle(.createAPIToken) { try await accounts.createAPIToken($0) }
        handle(.listAPITokens) { _ in try await accounts.apiTokens() }
        handle(.deleteAPIToken) { try await accounts.deleteAPIToken($0) }
    }
}
