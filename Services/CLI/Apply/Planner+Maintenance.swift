import Contracts
import JSON

extension Planner {
    mutating func planMaintenance() throws(CommandLineError) {
        let items = declared.maintenance ?? []
        let claimed = items.compactMap(\.id?.rawValue)
        let index = NameIndex(installed.maintenance, kind: .maintenance, claimed: claimed) {
            ($0.id.rawValue, $0.reason)
        }
        let targets = remainingTargets()
        let names = installed.targetNames
        for item in items {
            var (known, toBeMade): (Set<TargetID>, [String]) = ([], [])
            for name in item.targets ?? [] {
                if let id = try place(ofTarget: name, among: targets, for: "maintenance \"\(item.reason)\"") {
                    known.insert(id)
                } else {
                    toBeMade.append(name)
                }
            }
            let ids = known.sorted { $0.rawValue < $1.rawValue }
            let old = try index.find(id: item.id?.rawValue, name: item.reason) {
                $0.from == item.from && Set($0.targetIDs) == known
            }
            try plan(item, ids, toBeMade, old, names)
        }
    }

    private mutating func plan(
        _ item: DeclaredMaintenance,
        _ ids: [TargetID],
        _ toBeMade: [String],
        _ old: Maintenance?,
        _ names: [TargetID: String]
    ) throws(CommandLineError) {
        let labels = item.labels ?? [:]
        var plain = item
        plain.id = nil
        plain.targets = (ids.map { names[$0] ?? $0.rawValue } + toBeMade).sorted()
        plain.labels = labels
        guard let old else {
            guard item.to > now else {
                plan.notes.append("maintenance \(item.reason) is over, and is not made")
                return
            }
            let new = NewMaintenance(reason: item.reason, from: item.from, to: item.to, targetIDs: ids, labels: labels)
            let changes = FieldChange.between(nil, try jsonFields(plain)).filter { $0.field != "reason" }
            let call = PlanStep.Call.createMaintenance(new, targets: toBeMade)
            return add(.create, .maintenance, item.reason, changes, call)
        }
        let shown = DeclaredMaintenance(old, names: names)
        var changes = FieldChange.between(try jsonFields(shown), try jsonFields(plain))
        let isMoved = Set(old.targetIDs) != Set(ids) || !toBeMade.isEmpty
        if isMoved, !changes.contains(where: { $0.field == "targets" }) {
            // Others of the same names.
            let texts = [old.targetIDs.map(\.rawValue), ids.map(\.rawValue) + toBeMade]
            changes.append(
                FieldChange(field: "targets", old: try jsonFields(texts[0].sorted()), new: try jsonFields(texts[1]))
            )
        }
        guard !changes.isEmpty else { return }
        var change = MaintenanceChange(id: old.id)
        change.reason = old.reason == item.reason ? nil : item.reason
        change.from = old.from == item.from ? nil : item.from
        change.to = old.to == item.to ? nil : item.to
        change.targetIDs = isMoved ? ids : nil
        change.labels = old.labels == labels ? nil : labels
        add(.change, .maintenance, item.reason, changes, .changeMaintenance(change, targets: toBeMade))
    }
}

extension DeclaredMaintenance {
    /// Maintenance as a file would declare it, without its id.
    init(_ maintenance: Maintenance, names: [TargetID: String]) {
        self.init(
            reason: maintenance.reason,
            from: maintenance.from,
            to: maintenance.to,
            targets: maintenance.targetIDs.map { names[$0] ?? $0.rawValue }.sorted(),
            labels: maintenance.labels
        )
    }
}
