import Contracts
import Testing

@testable import StoreService

@Suite("Sending again")
struct TelemetryVerdictTests {
    private func verdict(_ status: Int, retryAfter: String? = nil, attempts: Int = 1) -> TelemetryVerdict {
        var random = SystemRandomNumberGenerator()
        let answer = TelemetryAnswer(status: status, retryAfter: retryAfter)
        return TelemetryVerdict(.success(answer), attempts: attempts, limits: TelemetryLimits(), using: &random)
    }

    @Test("is for what the receiver may take later", arguments: [408, 429, 500, 503])
    func later(status: Int) {
        guard case .again(let wait, _) = verdict(status, attempts: 3) else {
            Issue.record("\(status) is not sent again")
            return
        }
        #expect(wait <= .seconds(4))
    }

    @Test("is not for what was taken, or is refused for good")
    func final() {
        #expect(verdict(204) == .accepted)
        for status in [301, 400, 401, 404, 413] { #expect(verdict(status) == .refused("status \(status)")) }
    }

    @Test("waits as long as the receiver asks, within an hour")
    func asked() {
        guard case .again(let wait, _) = verdict(429, retryAfter: "30"),
            case .again(let longest, _) = verdict(503, retryAfter: "99999999")
        else {
            Issue.record("not sent again")
            return
        }
        #expect(wait == .seconds(30))
        #expect(longest == .seconds(3_600))
    }

    @Test("keeps as many bytes as there may be, and lets the oldest go")
    func backlog() {
        var backlog = TelemetryBacklog(maximumBytes: 10)
        let body = TelemetryBody(bytes: [1, 2, 3, 4], samples: 7)
        #expect(backlog.append([body, body], at: .now) == 0)
        #expect(backlog.first?.number == 1)
        #expect(backlog.append([body], at: .now) == 7)
        #expect(backlog.first?.number == 2)
        #expect(backlog.byteCount == 8)
        while let first = backlog.first { backlog.remove(first) }
        #expect(backlog.byteCount == 0)
    }
}
