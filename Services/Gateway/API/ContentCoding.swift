import HTTP
import Packing

/// How an answer is compressed on its way (RFC 9110, section 8.4).
enum ContentCoding: String, CaseIterable, Sendable {
    case zstd
    case gzip

    /// Shorter answers are not worth it.
    static let minimumBytes = 1_024
    /// Longer ones would hold up everybody else on the loop for too long.
    static let maximumBytes = 4 << 20

    /// The best one that `accept-encoding` allows; `nil` for none.
    init?(acceptedBy list: String) {
        var accepted: [(coding: Self, quality: Double)] = []
        for entry in list.split(separator: ",") {
            let parts = entry.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            guard let name = parts.first, let coding = Self(rawValue: name), quality > 0 else { continue }
            accepted.append((coding, quality))
        }
        let best = accepted.max { left, right in
            (left.quality, left.coding == .zstd ? 1 : 0) < (right.quality, right.coding == .zstd ? 1 : 0)
        }
        guard let best else { return nil }
        self = best.coding
    }

    /// The answer to `request`, compressed where it is JSON, long enough and holds no secret.
    static func compressing(_ response: HTTPResponse, to request: HTTPRequest, carriesSecret: Bool) -> HTTPResponse {
        guard case .bytes(let bytes) = response.body, response.status == 200 || response.status == 201,
            response.fields.has("content-type", "application/json"), bytes.count >= minimumBytes
        else { return response }
        var answer = response
        answer.fields.append(lowercase: "vary", "accept-encoding")
        guard !carriesSecret, bytes.count <= maximumBytes,
            let coding = request.fields["accept-encoding"].flatMap(ContentCoding.init(acceptedBy:)),
            let packed = try? coding.pack(bytes)
        else { return answer }
        var fields: HTTPFields = ["content-encoding": coding.rawValue]
        for (name, value) in answer.fields.all {
            fields.append(name, name == "etag" ? "\(value.dropLast())-\(coding.rawValue)\"" : value)
        }
        return HTTPResponse(status: response.status, fields: fields, body: .bytes(packed))
    }

    private func pack(_ bytes: [UInt8]) throws(PackingError) -> [UInt8] {
        switch self {
        case .zstd: try Zstandard().frame(bytes)
        case .gzip: try Gzip.member(bytes)
        }
    }
}
