public import JSONRPC

/// For how many days, in UTC, what is measured is kept; each is at least as long as the one before.
public struct RetentionDays: Codable, Equatable, RPCPayload {
    /// Measurements themselves.
    public var rows: Int
    /// Their sums by minute, by hour and by day; changes of routes are kept as long as the last.
    public var minutes: Int
    public var hours: Int
    public var days: Int

    enum CodingKeys: String, CodingKey {
        case rows = "row_days"
        case minutes = "minute_days"
        case hours = "hour_days"
        case days = "day_days"
    }

    public init(rows: Int, minutes: Int, hours: Int, days: Int) {
        self.rows = rows
        self.minutes = minutes
        self.hours = hours
        self.days = days
    }
}

/// How long what a tenant has is kept.
public struct Retention: Codable, Equatable, RPCPayload {
    public var kept: RetentionDays
    /// The longest that the tenant may have it kept: what the operator allows it, or the store's settings.
    public var limit: RetentionDays

    public init(kept: RetentionDays, limit: RetentionDays) {
        self.kept = kept
        self.limit = limit
    }
}

/// What is to be changed; what is left out stays.
///
/// What is as long as it may be follows its limit, when that changes.
public struct RetentionChange: Codable, Equatable, RPCPayload {
    /// From 1 day to what `limit` says, as are the others.
    public var rows: Int?
    public var minutes: Int?
    public var hours: Int?
    public var days: Int?

    enum CodingKeys: String, CodingKey {
        case rows = "row_days"
        case minutes = "minute_days"
        case hours = "hour_days"
        case days = "day_days"
    }

    public init(rows: Int? = nil, minutes: Int? = nil, hours: Int? = nil, days: Int? = nil) {
        self.rows = rows
        self.minutes = minutes
        self.hours = hours
        self.days = days
    }
}

/// The longest that a tenant may have things kept; what is left out stays.
public struct RetentionLimitChange: Codable, Equatable, RPCPayload {
    /// The tenant's.
    public var id: TenantID
    /// From 1 day to what the store's settings say, as are the others.
    public var rows: Int?
    public var minutes: Int?
    public var hours: Int?
    public var days: Int?

    enum CodingKeys: String, CodingKey {
        case id
        case rows = "row_days"
        case minutes = "minute_days"
        case hours = "hour_days"
        case days = "day_days"
    }

    public init(id: TenantID, rows: Int? = nil, minutes: Int? = nil, hours: Int? = nil, days: Int? = nil) {
        self.id = id
        self.rows = rows
        self.minutes = minutes
        self.hours = hours
        self.days = days
    }

    public var change: RetentionChange { RetentionChange(rows: rows, minutes: minutes, hours: hours, days: days) }
}

extension RPCMethod where Params == Empty, Result == Retention {
    public static var getRetention: Self {
        Self(
            "retention.get",
            "Tells how long what the caller's tenant has is kept, and how long it may be.",
            of: .store,
            access: .viewer,
            rest: .get("/retention"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == RetentionChange, Result == Retention {
    /// What has expired is gone: keeping things longer brings nothing back.
    public static var updateRetention: Self {
        Self(
            "retention.update",
            "Has what the caller's tenant has kept for another time, within its limit.",
            of: .store,
            access: .admin,
            rest: .patch("/retention"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == TenantReference, Result == Retention {
    public static var getTenantRetention: Self {
        Self(
            "retention.get_tenant",
            "Tells how long what a tenant has is kept, and how long it may be.",
            of: .store,
            access: .operator,
            rest: .get("/tenants/{id}/retention"),
            isIdempotent: true
        )
    }
}

extension RPCMethod where Params == RetentionLimitChange, Result == Retention {
    /// What has expired is gone: a higher limit brings nothing back.
    public static var limitTenantRetention: Self {
        Self(
            "retention.limit_tenant",
            "Limits how long a tenant may have things kept.",
            of: .store,
            access: .operator,
            rest: .patch("/tenants/{id}/retention"),
            isIdempotent: true
        )
    }
}
