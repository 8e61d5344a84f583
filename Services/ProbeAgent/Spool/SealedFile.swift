import EventLoop
import Glibc
import JSON

/// One value in a small file: a line with a checksum, and the value as JSON.
struct SealedFile<Value: Codable>: Sendable {
    let name: String
    /// Begins the first line, and says what kind of file it is.
    let title: String

    enum Finding {
        case value(Value)
        case nothing
        /// The file was there and not readable; it was set aside under this name.
        case damaged(String)
    }

    func read(in folder: AgentFolder) throws(SystemError) -> Finding {
        guard let bytes = try folder.contents(of: name) else { return .nothing }
        if let value = value(in: bytes) { return .value(value) }
        let aside = "\(name).damaged"
        try folder.rename(name, to: aside)
        return .damaged(folder.file(aside))
    }

    /// In the place of the one before, and on the disk when this returns.
    func write(_ value: Value, in folder: AgentFolder) throws {
        let body = try encodeJSON(value)
        try folder.replace(name, with: Array(header(body[...]).utf8) + body, isDurable: true)
    }

    private func value(in bytes: [UInt8]) -> Value? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let body = bytes[(end + 1)...]
        guard bytes[...end].elementsEqual(header(body).utf8) else { return nil }
        return try? decodeJSON(Value.self, from: body)
    }

    private func header(_ body: ArraySlice<UInt8>) -> String {
        "\(title) \(String(CRC32C.of(body.span), radix: 16)) \(body.count)\n"
    }
}
