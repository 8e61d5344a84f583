import Glibc

/// Prints one line a measurement, and remembers whether any fell short.
final class Report {
    private var isShort = false

    init() {
        print("name value peer ratio at-least")
    }

    func line(_ name: String, _ value: Double, peer: Double, ratio: Double, atLeast limit: Double) {
        let isEnough = ratio >= limit
        isShort = isShort || !isEnough
        print(name, rounded(value), rounded(peer), rounded(ratio), limit, isEnough ? "ok" : "SHORT")
    }

    func exit() -> Never {
        Glibc.exit(isShort ? 1 : 0)
    }

    private func rounded(_ value: Double) -> Double {
        (value * 1_000).rounded() / 1_000
    }
}
