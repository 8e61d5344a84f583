import Observability

extension [UInt8] {
    /// With one to three bytes exchanged, added or taken, of those that matter to HTTP/1.1; and four places to cut it at.
    func changed(_ random: inout SplitMix64) -> (bytes: [UInt8], cuts: [Int]) {
        let letters = Array("\r\n\r\n :;,0159aHTchunked/\t\0\u{7f}".utf8)
        var bytes = self
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            let letter = letters[Int.random(in: 0..<letters.count, using: &random)]
            switch Int.random(in: 0..<3, using: &random) {
            case 0: bytes[place] = letter
            case 1: bytes.insert(letter, at: place)
            default: bytes.remove(at: place)
            }
        }
        return (bytes, (0..<4).map { _ in Int.random(in: 0...bytes.count, using: &random) }.sorted())
    }
}
