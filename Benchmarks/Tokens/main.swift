import Contracts
import Foundation
import Observability
import TLS
import Tokens

/// The best of several runs, in nanoseconds a call.
func nanoseconds(_ body: () async throws -> Void) async rethrows -> Double {
    let clock = ContinuousClock()
    var best = Double.infinity
    for _ in 0..<15 {
        var calls = 0
        let start = clock.now
        repeat {
            try await body()
            calls += 1
        } while clock.now - start < .milliseconds(40)
        best = min(best, (clock.now - start) / .nanoseconds(1) / Double(calls))
    }
    return best
}

/// Prints one line of the table and says whether the goal was met.
func report(_ name: String, _ ours: Double, peer: Double, atLeast goal: Double) -> Bool {
    let ratio = peer / ours
    let columns = [name, "\(Int(ours)) ns", "\(Int(peer)) ns", String(format: "%.2f", ratio), "\(goal)"]
    print((columns + [ratio >= goal ? "ok" : "SHORT"]).joined(separator: "  "))
    return ratio >= goal
}

let key = try PrivateKey.ed25519()
let signer = try TokenSigner(key)
let keys = KeySet(keys: [try signer.publicKey()])
let person = Person(id: .make(), email: "ann@example.org", tenant: .first, role: .editor, login: .make())
let now = Int(Timestamp.now.microseconds / 1_000_000)
let token = try signer.token(for: person, now: now)

let message = Array(token.utf8)
let signature = try key.signature(of: message)
let publicKey = try PublicKey(ed25519: key.publicBytes())
let bare = await nanoseconds { _ = publicKey.isValid(signature: signature, of: message) }

let verifier = TokenVerifier(keys)
let verify = try await nanoseconds { _ = try verifier.verify(token, now: now) }

let authorizer = PersonAuthorizer()
authorizer.hear(IdentityState(keys: keys))
let bearer = BearerToken(token)
let cached = try await nanoseconds { _ = try await authorizer.session(of: bearer) }

print("an access token of \(message.count) bytes, against the most it may take, and its bare Ed25519 signature")
let results = [
    report("token check/limit", verify, peer: 60_000, atLeast: 1),
    report("token check, its signature alone", verify, peer: bare, atLeast: 0.7),
    report("token check, cached/limit", cached, peer: 1_000, atLeast: 1),
]
exit(results.allSatisfy { $0 } ? 0 : 1)
