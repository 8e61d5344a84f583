import Foundation

/// What a program cost, with all that it started.
struct Cost {
    /// Microseconds.
    var processor: Double
    var wall: Double

    /// Runs a program to its end; `nil` when it cannot be run, or fails.
    ///
    /// No other child may end meanwhile: the kernel sums them up.
    static func measure(_ program: String, _ arguments: [String]) -> Cost? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        let (start, before) = (ContinuousClock.now, childrenMicroseconds)
        guard (try? process.run()) != nil else { return nil }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return Cost(
            processor: childrenMicroseconds - before,
            wall: (ContinuousClock.now - start) / .microseconds(1)
        )
    }

    private static var childrenMicroseconds: Double {
        var usage = rusage()
        _ = unsafe getrusage(CInt(truncatingIfNeeded: RUSAGE_CHILDREN.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) * 1e6 + Double($1.tv_usec) }
    }
}
