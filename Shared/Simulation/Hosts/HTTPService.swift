/// What a web server of a simulated host says: the same to every request, and one after another.
struct HTTPService {
    private static let maximumHead = 16_384

    let status: Int
    let host: String

    /// Takes the whole requests from what a connection has received, and queues their answers.
    func serve(_ connection: inout TCPConnection) {
        while let end = connection.input.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound {
            let head = String(decoding: connection.input[..<end], as: UTF8.self).lowercased()
            connection.input.removeFirst(end)
            let method = head.prefix { $0 != " " }
            guard method == "get" || method == "head" else {
                // A body may follow, which nobody wants to read.
                connection.send(response(405, "Method Not Allowed", hasBody: true, closes: true))
                return connection.end()
            }
            let closes = head.contains("\r\nconnection: close\r\n")
            connection.send(response(status, "As Described", hasBody: method == "get", closes: closes))
            if closes { return connection.end() }
        }
        guard connection.input.count > Self.maximumHead else { return }
        connection.send(response(431, "Too Large", hasBody: true, closes: true))
        connection.end()
    }

    private func response(_ status: Int, _ reason: String, hasBody: Bool, closes: Bool) -> [UInt8] {
        let body = "This is \(host).\n"
        let head =
            "HTTP/1.1 \(status) \(reason)\r\ncontent-type: text/plain\r\ncontent-length: \(body.utf8.count)\r\n"
            + (closes ? "connection: close\r\n" : "") + "\r\n"
        return Array((hasBody ? head + body : head).utf8)
    }
}
