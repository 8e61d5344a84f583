/// What there is of one kind, found by id or by name.
struct NameIndex<Item> {
    private let kind: PlanStep.Kind
    private var byID: [String: Item] = [:]
    private var byName: [String: [Item]] = [:]

    /// Those with an id among `claimed` are not found by name: a declaration means them by their id.
    init(
        _ items: [Item],
        kind: PlanStep.Kind,
        claimed: [String],
        _ identity: (Item) -> (id: String, name: String)
    ) {
        self.kind = kind
        let claimed = Set(claimed)
        for item in items {
            let (id, name) = identity(item)
            byID[id] = item
            if !claimed.contains(id) { byName[name, default: []].append(item) }
        }
    }

    /// The one that a declaration means: of its id, or else the only one of its name, or the first of several that is the
    /// same in what else is declared; `nil` when it is new.
    func find(id: String?, name: String, isSame: (Item) -> Bool) throws(CommandLineError) -> Item? {
        if let id {
            if let item = byID[id] { return item }
            throw CommandLineError(.failed, "\(kind) \"\(name)\": there is none with the id \(id)")
        }
        let candidates = byName[name] ?? []
        if candidates.count < 2 { return candidates.first }
        if let same = candidates.first(where: isSame) { return same }
        throw CommandLineError(
            .failed,
            "\(kind) \"\(name)\": there are \(candidates.count) of this name; give the id of one"
        )
    }
}
