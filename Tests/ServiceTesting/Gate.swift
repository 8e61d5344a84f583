import Lifecycle

/// Lets those who wait at it pass when it is opened.
public final class Gate: Sendable {
    private let isOpen = Latest(false)

    public init() {}

    public func open() { isOpen.finish() }

    public func wait() async { _ = try? await isOpen.next(after: 0) }
}
