/// What one client of the API takes, and how long it waits.
public struct KubernetesLimits: Sendable {
    /// Bytes of an answer: an object, an error, or a page of a list.
    public var bodyBytes = 32 << 20
    /// Bytes of an event of a watch; etcd takes objects of up to 1.5 MiB.
    public var eventBytes = 8 << 20
    /// Objects of a page, and of a whole list.
    public var pageObjects = 250
    public var listObjects = 50_000
    /// What an answer, or the head of a watch's, may take.
    public var requestTimeout = Duration.seconds(30)
    /// How often what the server or the connection refused unread is tried again, and how long in all.
    public var tries = 5
    public var patience = Duration.seconds(30)

    public init() {}
}
