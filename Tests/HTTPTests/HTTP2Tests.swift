import HTTP
import Lifecycle
import Testing

@Suite("HTTP/2 requests", .timeLimit(.minutes(5)))
struct HTTP2Tests {
    @Sendable private static func echo(_ request: HTTPRequest) async -> HTTPResponse {
        HTTPResponse(status: Int(request.path.dropFirst()) ?? 200, body: .bytes(request.body))
    }

    private static func send(
        _ request: HTTPClientRequest,
        limits: HTTPLimits = HTTPLimits(),
        _ handler: @escaping HTTPHandler = echo
    ) async throws -> HTTPClientResponse {
        var answer: HTTPClientResponse?
        try await withServer(limits, handler: handler) { server in
            answer = try await withConnection(to: server) { connection, _ in
                try await connection.send(request, timeout: .seconds(20))
            }
        }
        return try #require(answer)
    }

    @Test("carries bodies of any size there and back", arguments: [0, 1, 16_384, 65_536, 65_537, 1 << 20])
    func bodies(count: Int) async throws {
        let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let answer = try await Self.send(HTTPClientRequest(.post, "/", authority: "a", body: body))
        #expect(answer.status == 200)
        #expect(answer.body == body)
        #expect(answer.fields["content-length"] == "\(count)")
    }

    @Test("sends no body where there is none", arguments: [204, 304])
    func noBody(status: Int) async throws {
        let answer = try await Self.send(HTTPClientRequest(.get, "/\(status)", authority: "a"))
        #expect(answer.status == status)
        #expect(answer.fields["content-length"] == nil)
    }

    @Test("answers HEAD with the length alone")
    func head() async throws {
        let answer = try await Self.send(HTTPClientRequest(.head, "/", authority: "a")) { _ in .text(200, "hello") }
        #expect(answer.fields["content-length"] == "6")
        #expect(answer.body == [])
    }

    @Test("refuses a request that speaks of two hosts")
    func twoHosts() async throws {
        let answer = try await Self.send(HTTPClientRequest(.get, "/", authority: "a", fields: ["host": "b"]))
        #expect(answer.status == 400)
        #expect(answer.fields["content-length"] == "\(answer.body.count)")
    }

    @Test("refuses a target that is no path", arguments: ["*", "a", "", "/a b"])
    func target(path: String) async throws {
        do {
            #expect(try await Self.send(HTTPClientRequest(.get, path, authority: "a")).status == 400)
        } catch let error as HTTPError {
            #expect(error.code == .reset)
        }
    }

    @Test("refuses fields beyond the limits", arguments: [(101, 1), (10, 2_000)])
    func fields(count: Int, bytes: Int) async throws {
        var fields = HTTPFields()
        for index in 0..<count { fields.append("x-\(index)", String(repeating: "y", count: bytes)) }
        let answer = try await Self.send(HTTPClientRequest(.get, "/", authority: "a", fields: fields))
        #expect(answer.status == 431)
    }

    @Test("refuses a body over the limit and says so, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        let body = [UInt8](repeating: 0, count: 100_000)
        var limits = HTTPLimits()
        limits.bodyBytes = 99_999
        let fields: HTTPFields = isAnnounced ? ["content-length": "100000"] : [:]
        let answer = try await Self.send(
            HTTPClientRequest(.post, "/", authority: "a", fields: fields, body: body),
            limits: limits
        )
        #expect(answer.status == 413)
        #expect(String(decoding: answer.body, as: UTF8.self) == "the body is over 99999 bytes\n")
    }

    @Test("answers many requests on one connection")
    func many() async throws {
        try await withServer(handler: Self.echo) { server in
            try await withConnection(to: server) { connection, _ in
                for round in 0..<50 {
                    let body = [UInt8](repeating: UInt8(round), count: 40_000)
                    let answer = try await connection.send(HTTPClientRequest(.post, "/", authority: "a", body: body))
                    #expect(answer.body == body)
                }
            }
        }
    }

    @Test("streams pieces as they are written")
    func stream() async throws {
        let gate = Gate()
        let handler: HTTPHandler = { _ in
            HTTPResponse(
                status: 200,
                body: .stream { writer in
                    try await writer.write(Array("first".utf8))
                    await gate.pass()
                    try await writer.write([UInt8](repeating: 0x78, count: 1 << 20))
                }
            )
        }
        try await withServer(handler: handler) { server in
            try await withConnection(to: server) { connection, _ in
                let (head, tunnel) = try await connection.open(HTTPClientRequest(.get, "/", authority: "a"))
                #expect(head.status == 200)
                #expect(try await tunnel.read() == Array("first".utf8))
                gate.open()
                var count = 0
                while let bytes = try await tunnel.read() { count += bytes.count }
                #expect(count == 1 << 20)
            }
        }
    }

    @Test("carries both directions of an extended CONNECT")
    func tunnel() async throws {
        let handler: HTTPHandler = { request in
            guard request.upgrade == "echo" else { return .text(426, "") }
            return HTTPResponse(
                status: 200,
                body: .tunnel { tunnel in
                    while let bytes = try await tunnel.read() { try await tunnel.write(bytes) }
                }
            )
        }
        try await withServer(handler: handler) { server in
            try await withConnection(to: server) { connection, _ in
                let request = HTTPClientRequest(.connect, "/", authority: "a", upgrade: "echo")
                let (_, tunnel) = try await connection.open(request)
                for text in ["a", "bc", String(repeating: "d", count: 50_000)] {
                    try await tunnel.write(Array(text.utf8))
                    var answer: [UInt8] = []
                    while answer.count < text.utf8.count { answer += try #require(try await tunnel.read()) }
                    #expect(answer == Array(text.utf8))
                }
                tunnel.finish()
                #expect(try await tunnel.read() == nil)
            }
        }
    }

    @Test("sends a client that asks a WebSocket's address for a page a whole answer")
    func upgradeRequired() async throws {
        let answer = try await Self.send(HTTPClientRequest(.get, "/", authority: "a")) { request in
            WebSocketHandshake.refusal(of: request) ?? .text(200, "")
        }
        #expect(answer.status == 426)
        #expect(answer.body.isEmpty == false)
    }

    /// Shorter than a connection's look at who waits, about as long, and longer.
    @Test("tells the handler's caller when the answer did not come in time", arguments: [1, 7, 50])
    func timeout(milliseconds: Int) async throws {
        let record = Record()
        let handler: HTTPHandler = { _ in
            await untilCancelled()
            record.add("cancelled")
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let error = try await withConnection(to: server) { connection, _ in
                await #expect(throws: HTTPError.self) {
                    _ = try await connection.send(
                        HTTPClientRequest(.get, "/", authority: "a"),
                        timeout: .milliseconds(milliseconds)
                    )
                }
            }
            #expect(error?.code == .timeout)
            try await record.wait(for: "cancelled")
        }
    }

    @Test("cancels a handler whose caller's deadline has passed, on a stream that begins anew too", arguments: [0, 3])
    func deadline(quickCalls: Int) async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            guard request.path == "/slow" else { return .text(200, "") }
            await untilCancelled()
            record.add("cancelled")
            return .text(504, "")
        }
        try await withServer(handler: handler) { server in
            let status = try await withConnection(to: server) { connection, _ in
                for _ in 0..<quickCalls { _ = try await connection.send(HTTPClientRequest(.get, "/", authority: "a")) }
                let slow = HTTPClientRequest(.get, "/slow", authority: "a", fields: ["deadline": "50"])
                return try await connection.send(slow).status
            }
            #expect(status == 504)
            #expect(record.all == ["cancelled"])
        }
    }

    @Test("sends nothing for a task that is cancelled already")
    func cancelledBefore() async throws {
        let record = Record()
        let handler: HTTPHandler = { request in
            record.add(request.path)
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await withConnection(to: server) { connection, _ in
                        unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
                        await #expect(throws: CancellationError.self) {
                            try await connection.send(HTTPClientRequest(.get, "/never", authority: "a"))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await withConnection(to: server) { connection, _ in
                _ = try await connection.send(HTTPClientRequest(.get, "/after", authority: "a"))
            }
        }
        #expect(record.all == ["/after"])
    }

    @Test("waits for answers that take their time, and goes on with quick ones")
    func patience() async throws {
        let handler: HTTPHandler = { request in
            if request.path == "/slow" { try? await ContinuousClock().sleep(for: .milliseconds(20)) }
            return .text(200, request.path)
        }
        try await withServer(handler: handler) { server in
            let bodies = try await withConnection(to: server) { connection, _ in
                var bodies: [String] = []
                for path in ["/quick", "/slow", "/quick", "/slow", "/quick"] {
                    let answer = try await connection.send(HTTPClientRequest(.get, path, authority: "a"))
                    bodies.append(String(decoding: answer.body, as: UTF8.self))
                }
                #expect(connection.activeRequests == 0)
                return bodies
            }
            #expect(bodies == ["/quick\n", "/slow\n", "/quick\n", "/slow\n", "/quick\n"])
        }
    }

    @Test("ends the calls of a connection that closes, however long they have waited", arguments: [false, true])
    func closedWhileWaiting(isEarly: Bool) async throws {
        let record = Record()
        let handler: HTTPHandler = { _ in
            record.add("begun")
            await untilCancelled()
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            let error = await #expect(throws: HTTPError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await withConnection(to: server) { connection, _ in
                            _ = try await connection.send(HTTPClientRequest(.get, "/", authority: "a"))
                        }
                    }
                    try await record.wait(for: "begun")
                    if !isEarly { try await ContinuousClock().sleep(for: .milliseconds(20)) }
                    server.server.close()
                    try await group.waitForAll()
                }
            }
            #expect(error?.code == .connection)
        }
    }

    @Test("sends an answer that waits for nothing without a handler", arguments: [HTTPMethod.get, .head])
    func answersNow(method: HTTPMethod) async throws {
        let responder: HTTPResponder = { request in
            switch request.path {
            case "/empty": .now(HTTPResponse(status: 204))
            case "/stream":
                .now(HTTPResponse(status: 200, body: .stream { try await $0.write(Array("piece".utf8)) }))
            default: .now(.text(200, "whole"))
            }
        }
        try await withServer(responder: responder) { server in
            let answers = try await withConnection(to: server) { connection, _ in
                var answers: [HTTPClientResponse] = []
                for path in ["/", "/empty", "/stream"] {
                    answers.append(try await connection.send(HTTPClientRequest(method, path, authority: "a")))
                }
                return answers
            }
            #expect(answers.map(\.status) == [200, 204, 200])
            #expect(answers.map { $0.fields["content-length"] } == ["6", nil, nil])
            let bodies = answers.map { String(decoding: $0.body, as: UTF8.self) }
            #expect(bodies == (method == .head ? ["", "", ""] : ["whole\n", "", "piece"]))
        }
    }

    @Test("ends a call whose task is cancelled, and its handler")
    func cancellation() async throws {
        let record = Record()
        let handler: HTTPHandler = { _ in
            record.add("begun")
            await untilCancelled()
            record.add("cancelled")
            return .text(200, "")
        }
        try await withServer(handler: handler) { server in
            await #expect(throws: CancellationError.self) {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await withConnection(to: server) { connection, _ in
                            _ = try await connection.send(HTTPClientRequest(.get, "/", authority: "a"))
                        }
                    }
                    try await record.wait(for: "begun")
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
            try await record.wait(for: "cancelled")
        }
    }
}
