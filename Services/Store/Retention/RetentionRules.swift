import Contracts

/// The last days of which nothing is kept, counted from 1970.
struct ExpiredDays: Equatable, Sendable {
    var rows: Int64
    var minutes: Int64
    var hours: Int64
    var days: Int64

    /// The time from which on something is kept.
    func end(_ part: KeyPath<Self, Int64>) -> Int64 { RollupStep.day.start(of: self[keyPath: part] + 1) }

    /// Of each the later day.
    func merged(with other: Self) -> Self {
        Self(
            rows: max(rows, other.rows),
            minutes: max(minutes, other.minutes),
            hours: max(hours, other.hours),
            days: max(days, other.days)
        )
    }
}

extension RetentionSettings {
    func expiredDays(at now: Timestamp) -> ExpiredDays {
        func last(_ time: Duration) -> Int64 {
            RollupStep.day.index(of: now.advanced(by: .zero - time).microseconds) - 1
        }
        return ExpiredDays(rows: last(rows), minutes: last(minutes), hours: last(hours), days: last(days))
    }

    /// In whole days, of which the first may be kept in part.
    var wholeDays: RetentionDays {
        func count(_ time: Duration) -> Int { Int((time.components.seconds + 86_399) / 86_400) }
        return RetentionDays(rows: count(rows), minutes: count(minutes), hours: count(hours), days: count(days))
    }
}

extension RetentionDays {
    /// No part longer than that of `other`, nor than the part behind it.
    func limited(by other: RetentionChange) -> Self {
        var days = self
        days.days = min(days.days, other.days ?? .max)
        days.hours = min(days.hours, other.hours ?? .max, days.days)
        days.minutes = min(days.minutes, other.minutes ?? .max, days.hours)
        days.rows = min(days.rows, other.rows ?? .max, days.minutes)
        return days
    }

    fileprivate func expiredDays(at now: Timestamp) -> ExpiredDays {
        let today = RollupStep.day.index(of: now.microseconds)
        return ExpiredDays(
            rows: today - Int64(rows) - 1,
            minutes: today - Int64(minutes) - 1,
            hours: today - Int64(hours) - 1,
            days: today - Int64(days) - 1
        )
    }
}

/// What is said of one tenant.
struct TenantRetention: Equatable, Sendable {
    /// What it has chosen, and what the operator allows it.
    var own = RetentionChange()
    var limit = RetentionChange()
    /// What had expired when either changed, and is not to come back.
    var expired: ExpiredDays?
}

/// How long what each tenant has is kept: the shortest of what it has chosen, what operators allow and the settings.
struct RetentionRules: Sendable {
    let settings: RetentionSettings
    var tenants: [TenantID: TenantRetention] = [:]

    func retention(of tenant: TenantID) -> Retention {
        let rule = tenants[tenant] ?? TenantRetention()
        let limit = settings.wholeDays.limited(by: rule.limit)
        return Retention(kept: limit.limited(by: rule.own), limit: limit)
    }

    func expiredDays(of tenant: TenantID, at now: Timestamp) -> ExpiredDays {
        let all = settings.expiredDays(at: now)
        guard let rule = tenants[tenant] else { return all }
        let own = all.merged(with: retention(of: tenant).kept.expiredDays(at: now))
        return rule.expired.map(own.merged) ?? own
    }

    /// Of all tenants of which something is said.
    func expiredDays(at now: Timestamp) -> [TenantID: ExpiredDays] {
        Dictionary(uniqueKeysWithValues: tenants.keys.map { ($0, expiredDays(of: $0, at: now)) })
    }
}
