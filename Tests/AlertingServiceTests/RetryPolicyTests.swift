import Egress
import Testing

@testable import AlertingService

@Suite("RetryPolicy")
struct RetryPolicyTests {
    let policy = RetryPolicy()

    private func verdict(
        _ result: Result<Int, EgressError>,
        attempts: Int = 1,
        age: Duration = .zero
    ) -> RetryPolicy.Verdict {
        var random = SystemRandomNumberGenerator()
        return policy.verdict(on: result, attempts: attempts, age: age, using: &random)
    }

    @Test("takes every 2xx for an acknowledgement", arguments: [200, 201, 202, 204, 299])
    func acknowledged(status: Int) {
        #expect(verdict(.success(status)) == .delivered)
    }

    @Test(
        "takes a status of the client's fault for the last word",
        arguments: [400, 401, 403, 404, 410, 422, 451, 499]
    )
    func refused(status: Int) {
        #expect(verdict(.success(status)) == .failed("status \(status)"))
    }

    @Test("tries again after anything else", arguments: [100, 199, 300, 302, 308, 408, 429, 500, 502, 503, 504, 599])
    func again(status: Int) {
        guard case .again(_, let fault) = verdict(.success(status)) else {
            Issue.record("\(verdict(.success(status)))")
            return
        }
        #expect(fault == "status \(status)")
    }

    @Test("tries again when nothing was answered", arguments: EgressError.Code.allCases.filter { $0 != .badRequest })
    func unanswered(code: EgressError.Code) {
        guard case .again = verdict(.failure(EgressError(code, "words"))) else {
            Issue.record("\(code)")
            return
        }
    }

    @Test("waits a random time up to a bound that doubles from one second to five minutes")
    func waits() {
        for attempts in 1...60 {
            let bound = min(Duration.seconds(300), .seconds(1 << min(attempts - 1, 10)))
            for _ in 0..<100 {
                guard case .again(let wait, _) = verdict(.success(500), attempts: attempts) else { return }
                #expect(wait >= .zero && wait <= bound)
            }
        }
    }

    @Test("gives up after a day, and not before")
    func givesUp() {
        guard case .again = verdict(.success(500), attempts: 400, age: .seconds(86_399)) else {
            Issue.record("gave up early")
            return
        }
        let last = verdict(.success(500), attempts: 400, age: .seconds(86_400))
        #expect(last == .failed("given up after 400 attempts: status 500"))
    }
}
