import CLinux

/// The heap of this process.
public enum Heap {
    /// Gives what is not used back to the system, after a lot was needed for a moment; takes some milliseconds.
    public static func trim() {
        clinux_trim_heap()
    }
}
