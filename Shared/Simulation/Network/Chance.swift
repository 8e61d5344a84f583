import Glibc
import Observability

extension SplitMix64 {
    /// Evenly spread over 0..<1, with 53 bits.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// The logarithm of a number evenly spread over (0, 1].
    mutating func logarithm() -> Double { log(1 - unit()) }

    /// Normal with mean 0 and deviation 1 (Box and Muller, 1958).
    mutating func normal() -> Double { (-2 * logarithm()).squareRoot() * cos(2 * .pi * unit()) }
}
