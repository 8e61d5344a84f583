import Contracts
import JSONRPC

extension Target {
    /// Throws `invalidParams` with the first field that breaks its rule.
    func validate() throws(RPCError) {
        try checkText(name, "name", 1...200)
        guard isEndpoint(address) || isWebURL(address) else {
            throw invalid("address", "must be a host name or an IP address, with or without a port, or a web URL")
        }
        try checkText(description, "description", 0...2_000)
        try checkText(category, "category", 0...64)
        try checkLabels(labels)
        if let maximumRate, !(0.01...10_000).contains(maximumRate) {
            throw invalid("max_probes_per_second", "must be from 0.01 to 10000")
        }
    }

    init(_ new: NewTarget, at now: Timestamp) {
        self.init(
            id: .make(),
            name: new.name ?? new.address,
            address: new.address,
            description: new.description ?? "",
            category: new.category ?? "",
            labels: new.labels ?? [:],
            enabled: new.enabled ?? true,
            maximumRate: new.maximumRate,
            createdAt: now,
            updatedAt: now
        )
    }

    func applying(_ change: TargetChange, at now: Timestamp) -> Target {
        var target = self
        target.name = change.name ?? name
        target.address = change.address ?? address
        target.description = change.description ?? description
        target.category = change.category ?? category
        target.labels = change.labels ?? labels
        target.enabled = change.enabled ?? enabled
        target.maximumRate = change.maximumRate == 0 ? nil : change.maximumRate ?? maximumRate
        target.updatedAt = now
        return target
    }
}
