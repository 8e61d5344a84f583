import EventLoop
import Testing

@testable import HTTP

@Suite("Fields of an answer", .timeLimit(.minutes(1)))
struct AnswerFieldsTests {
    @Test("are those of this answer alone, whether the one before on its stream kept its own or not")
    func reuse() async throws {
        let handler: HTTPHandler = { request in
            HTTPResponse(status: 200, fields: ["x-path": request.path, "x-more": String(repeating: "m", count: 700)])
        }
        try await withServer(handler: handler) { server in
            try await withConnection(to: server) { connection, _ in
                for number in 0..<40 {
                    var request = HTTPClientRequest(.get, "/\(number)", authority: "a")
                    request.keepsFields = number % 3 == 0
                    let answer = try await connection.send(request)
                    #expect(answer.status == 200)
                    #expect(answer.fields["x-path"] == (request.keepsFields ? "/\(number)" : nil))
                    #expect(answer.fields.count(of: "x-path") == (request.keepsFields ? 1 : 0))
                    if !request.keepsFields { #expect(answer.fields.count == 0) }
                }
            }
        }
    }

    @Test(
        "hold numbers of digits alone, up to the greatest",
        arguments: [
            ("0", 0), ("007", 7), ("9223372036854775807", .max), ("9223372036854775808", nil),
            ("99999999999999999999", nil), ("", nil), ("-1", nil), ("+1", nil), ("1 ", nil), ("1a", nil), ("０", nil),
        ] as [(String, Int?)]
    )
    func decimal(text: String, number: Int?) {
        var text = text
        #expect(text.withUTF8 { unsafe $0.decimal } == number)
    }
}
