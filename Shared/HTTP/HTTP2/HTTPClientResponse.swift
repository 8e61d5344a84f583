/// What a server answered.
public struct HTTPClientResponse: Sendable {
    public var status: Int
    public var fields: HTTPFields
    /// Empty when the body is read piece by piece.
    public var body: [UInt8]
}
