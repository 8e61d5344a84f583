/// What a web server of a simulated host says: the same to every request, and one after another.
struct HTTPService {
    private static let maximumHead = 16_384

    let status: Int
    let host: String
    /// Where it leads whoever asks.
    var location: String?

    /// Takes the whole requests from what a connection has received, and queues their answers.
    func serve(_ connection: inout some ByteStream) {
        while !connection.endsAfterOutput, let end = connection.input.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
        {
            let head = String(decoding: connection.input[..<end], as: UTF8.self).lowercased()
            connection.input.removeFirst(end)
            let method = head.prefix { $0 != " " }
            guard method == "get" || method == "head" else {
                // A body may follow, which nobody wants to read.
                connection.send(response(405, "Method Not Allowed", hasBody: true, closes: true))
                return connection.end()
            }
            let closes = Self.asksToClose(head)
            connection.send(response(status, "As Described", hasBody: method == "get", closes: closes))
            if closes { return connection.end() }
        }
        guard !connection.endsAfterOutput else {
            connection.input = []
            return
        }
        guard connection.input.count > Self.maximumHead else { return }
        connection.send(response(431, "Too Large", hasBody: true, closes: true))
        connection.end()
    }

    private static func asksToClose(_ head: String) -> Bool {
        let lines = head.split(separator: "\r\n")
        return lines.first?.hasSuffix(" http/1.0") == true
            || lines.contains { $0.hasPrefix("connection:") && $0.contains("close") }
    }

    private func response(_ status: Int, _ reason: String, hasBody: Bool, closes: Bool) -> [UInt8] {
        let body = status == 204 || status == 304 ? nil : "This is \(host).\n"
        var head = "HTTP/1.1 \(status) \(reason)\r\n"
        if let body { head += "content-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n" }
        if let location { head += "location: \(location)\r\n" }
        if closes { head += "connection: close\r\n" }
        return Array((head + "\r\n" + (hasBody ? body ?? "" : "")).utf8)
    }
}
