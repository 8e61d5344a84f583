import CLinux

/// The heap of this process.
public enum Heap {
    /// Gives what is not used back to the system, after a lot was needed for a moment; takes some milliseconds.
    ///
    /// With mimalloc each thread has a heap of its own, so this is to be called on each.
    public static func trim() {
        clinux_trim_heap()
    }
}
