import Observability
import Testing

@testable import HTTP

@Suite("HTTP/1.1 parser")
struct HTTP1ParserTests {
    @Test("reads what is a request", arguments: HTTP1Case.accepted)
    func accepted(request: HTTP1Case) {
        let outcome = HTTP1Outcome(request.bytes)
        #expect(outcome.requests == request.requests)
        #expect(outcome.refusal == nil)
    }

    @Test("refuses a body of doubtful length", arguments: HTTP1Case.refusedLengths)
    func refusedLength(request: HTTP1Case) {
        #expect(HTTP1Outcome(request.bytes).refusal == request.refusal)
        #expect(HTTP1Outcome(request.bytes).requests == [])
    }

    @Test("refuses a doubtful head", arguments: HTTP1Case.refusedHeads)
    func refusedHead(request: HTTP1Case) {
        #expect(HTTP1Outcome(request.bytes).refusal == request.refusal)
        #expect(HTTP1Outcome(request.bytes).requests == [])
    }

    @Test(
        "reads the same wherever the bytes are cut",
        arguments: HTTP1Case.accepted + HTTP1Case.refusedLengths + HTTP1Case.refusedHeads
    )
    func cut(request: HTTP1Case) {
        let whole = HTTP1Outcome(request.bytes)
        guard request.bytes.count < 1_024 else { return }
        for cut in request.bytes.indices.dropFirst() {
            #expect(HTTP1Outcome(request.bytes, cutAt: [cut]) == whole, "cut at \(cut)")
        }
        #expect(HTTP1Outcome(request.bytes, cutAt: Array(request.bytes.indices.dropFirst())) == whole, "byte by byte")
    }

    @Test("reads changed requests the same in one piece and in many", arguments: 0..<8)
    func mutated(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let requests = HTTP1Case.accepted + HTTP1Case.refusedLengths + HTTP1Case.refusedHeads
        for request in requests where request.bytes.count < 1_024 {
            for _ in 0..<20 {
                let (bytes, cuts) = (request.bytes + request.bytes).changed(&random)
                let (whole, cut) = (HTTP1Outcome(bytes), HTTP1Outcome(bytes, cutAt: cuts))
                // Two reasons may stand in one head; which of them is told depends on what came first.
                #expect(cut.requests == whole.requests, "\(cuts) of \(bytes)")
                #expect((cut.refusal == nil) == (whole.refusal == nil), "\(cuts) of \(bytes)")
            }
        }
    }

    @Test("keeps no bytes of requests that are done, wherever the pieces end")
    func memory() throws {
        var parser = HTTP1Parser(limits: HTTPLimits())
        let request = Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let (first, rest) = (Array(request[..<10]), Array(request[10...] + request[..<10]))
        parser.append(first.span)
        var read = 0
        for _ in 0..<10_000 {
            parser.append(rest.span)
            while try parser.next() != nil { read += 1 }
        }
        #expect(read == 10_000)
        #expect(parser.retained < 16_384)
    }

    @Test("asks for a body once it is expected, and only when it is not there yet")
    func expectsContinue() throws {
        var parser = HTTP1Parser(limits: HTTPLimits())
        parser.append(
            Array("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n".utf8).span
        )
        guard case .expectsContinue? = try parser.next() else {
            Issue.record("nothing was asked for")
            return
        }
        #expect(try parser.next() == nil)
        let body: [UInt8] = [0x78]
        parser.append(body.span)
        guard case .request(_, body: [0x78])? = try parser.next() else {
            Issue.record("no request")
            return
        }
    }
}
