/// A request method (RFC 9110, section 9); compared by its exact letters.
public enum HTTPMethod: RawRepresentable, Hashable, Sendable {
    case get, head, post, patch, delete, options, connect
    /// One that nothing here is asked with; to be made by `init(rawValue:)` alone, which knows the others.
    case other(String)

    public init(rawValue: String) {
        self =
            switch rawValue {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PATCH": .patch
            case "DELETE": .delete
            case "OPTIONS": .options
            case "CONNECT": .connect
            default: .other(rawValue)
            }
    }

    public var rawValue: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .connect: "CONNECT"
        case .other(let name): name
        }
    }
}
