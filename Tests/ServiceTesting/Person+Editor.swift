public import Contracts

extension Person {
    /// An editor of the first tenant.
    public static let editor = Person(id: .make(), email: "ann@example.org", tenant: .first, role: .editor)

    /// An editor of another one.
    public static let stranger = Person(
        id: .make(),
        email: "bob@example.net",
        tenant: TenantID(rawValue: "other"),
        role: .editor
    )
}
