public import JSONRPC

public struct PasswordChange: Codable, Sendable, RPCPayload {
    public var oldPassword: String
    /// 8 characters or more, 1,024 bytes at most; taken in Unicode's form NFC, so that it does not matter which keyboard
    /// composed it.
    public var newPassword: String

    enum CodingKeys: String, CodingKey {
        case oldPassword = "old_password"
        case newPassword = "new_password"
    }

    public init(oldPassword: String, newPassword: String) {
        self.oldPassword = oldPassword
        self.newPassword = newPassword
    }
}

/// What somebody who forgot a password is given by an administrator.
public struct ResetToken: Codable, Equatable, RPCPayload {
    public var token: String
    public var expiresAt: Timestamp

    enum CodingKeys: String, CodingKey {
        case token
        case expiresAt = "expires_at"
    }

    public init(token: String, expiresAt: Timestamp) {
        self.token = token
        self.expiresAt = expiresAt
    }
}

public struct PasswordReset: Codable, Sendable, RPCPayload {
    public var token: String
    public var newPassword: String

    enum CodingKeys: String, CodingKey {
        case token
        case newPassword = "new_password"
    }

    public init(token: String, newPassword: String) {
        self.token = token
        self.newPassword = newPassword
    }
}

extension RPCMethod where Params == PasswordChange, Result == Empty {
    public static var changePassword: Self {
        Self(
            "auth.password",
            "Changes the caller's password, and ends all other sign-ins.",
            of: .gateway,
            access: .viewer,
            rest: .post("/auth/password")
        )
    }
}

extension RPCMethod where Params == MemberReference, Result == ResetToken {
    /// No mail is sent: whoever calls hands the token over, and it works once within a day.
    ///
    /// Throws `permissionDenied` for somebody who is a member of other tenants too, or an operator; an operator may do
    /// it for everyone.
    public static var resetPassword: Self {
        Self(
            "member.reset_password",
            "Makes a token with which a member can set a new password.",
            of: .gateway,
            access: .admin,
            rest: .post("/members/{id}/reset")
        )
    }
}

extension RPCMethod where Params == PasswordReset, Result == Empty {
    public static var finishReset: Self {
        Self(
            "auth.reset",
            "Sets a new password with a token for that, and ends all sign-ins.",
            of: .gateway,
            access: .anyone,
            rest: .post("/auth/reset")
        )
    }
}
