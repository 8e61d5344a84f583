import Glibc

/// An open descriptor, closed when its owner goes.
public struct FileDescriptor: ~Copyable, Sendable {
    public let number: CInt

    /// Takes over `number`, which must be open.
    public init(_ number: CInt) {
        self.number = number
    }

    deinit {
        close(number)
    }

    /// Empties an eventfd.
    func drainEvents() {
        var count: UInt64 = 0
        _ = unsafe read(number, &count, MemoryLayout<UInt64>.size)
    }
}
