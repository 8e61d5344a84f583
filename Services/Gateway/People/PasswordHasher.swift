import CArgon2
import EventLoop
import JSON
import JSONRPC
import Synchronization
import TLS

/// Hashes passwords with Argon2id (RFC 9106) on a thread of its own, one after another.
///
/// Each hash takes 19 MiB and tens of milliseconds, so the number of those that wait is bounded too. Passwords are taken
/// in the form that `PasswordRules` gives them.
actor PasswordHasher {
    private static let iterations: UInt32 = 2
    private static let kibibytes: UInt32 = 19_456
    private static let maximumWaiting = 16

    private let loop: EventLoop
    private let waiting = Waiting()
    private let computed = Mutex(0)
    /// What a password is compared with when nobody has that name, so that the answer takes as long.
    private let decoy: String

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.actorExecutor }

    init() throws {
        loop = try EventLoop(name: "passwords")
        try loop.start()
        decoy = try Self.hash("")
    }

    /// Hashes that were computed, to keep one or to compare with one: what somebody who guesses makes work.
    nonisolated var computedCount: Int { computed.withLock { $0 } }

    nonisolated func close() {
        loop.stop()
    }

    /// The hash of a password that was checked, in the form of Argon2's own; throws `busy` when too many wait already.
    nonisolated func hash(_ password: String) async throws -> String {
        try enter()
        defer { waiting.leave() }
        return try await make(password)
    }

    /// Whether `password` is the one of `hash`; throws `busy` when too many wait already.
    nonisolated func verify(_ password: String, _ hash: String?) async throws(RPCError) -> Bool {
        try enter()
        defer { waiting.leave() }
        // One that is too long for anyone takes as long as any other.
        let isTooLong = password.utf8.count > PasswordRules.maximumBytes
        let isRight = await compare(isTooLong ? "" : password, isTooLong ? decoy : hash ?? decoy)
        return isRight && hash != nil && !isTooLong
    }

    private nonisolated func enter() throws(RPCError) {
        guard waiting.enter(limit: Self.maximumWaiting) else {
            throw RPCError(.busy, "too many people sign in at once", data: ["retry_after_ms": 1_000])
        }
    }

    private func make(_ password: String) throws -> String {
        computed.withLock { $0 += 1 }
        return try Self.hash(password)
    }

    private func compare(_ password: String, _ hash: String) -> Bool {
        computed.withLock { $0 += 1 }
        let bytes = Array(PasswordRules.normalized(password).utf8)
        return unsafe argon2id_verify(hash, bytes, bytes.count) == ARGON2_OK.rawValue
    }

    private static func hash(_ password: String) throws -> String {
        let bytes = Array(PasswordRules.normalized(password).utf8)
        let salt = try randomBytes(16)
        var encoded = [CChar](repeating: 0, count: 128)
        let result = unsafe argon2id_hash_encoded(
            iterations,
            kibibytes,
            1,
            bytes,
            bytes.count,
            salt,
            salt.count,
            32,
            &encoded,
            encoded.count
        )
        guard result == ARGON2_OK.rawValue else {
            throw RPCError(.internalError, unsafe String(cString: argon2_error_message(result)))
        }
        return String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
