public import Database
import Glibc
public import Lifecycle
import Observability

/// A time in which one process leads: from when it took the lead to when another one does.
public struct Term: Sendable {
    /// Signs of life that may fail one after another; then another process may be about to lead.
    private static let missedBeats = 3

    /// One more than that of the term before: the fencing token.
    public let number: Int
    private let leadership: Leadership

    init(_ number: Int, of leadership: Leadership) {
        self.number = number
        self.leadership = leadership
    }

    /// The database, whose writes are refused as soon as the term is over.
    public var database: any Database {
        guard isShared else { return leadership.database }
        return FencedDatabase(leadership.database) { [self] connection in try check(on: connection) }
    }

    /// Gives signs of life until it is cancelled; throws `LeadershipLost` when the term is over, or may be.
    public func hold() async throws {
        guard isShared else { return try await waitForever() }
        let interval = leadership.lease / Leadership.beats
        var missed = 0
        while missed < Self.missedBeats {
            try await leadership.clock.sleep(for: interval)
            do {
                try await beat(before: .now.advanced(by: interval / 2))
                missed = 0
            } catch let error as DatabaseError {
                missed += 1
                leadership.log.warning("cannot say who leads", ["error": "\(error)"])
            }
        }
        throw LeadershipLost("no sign of life was heard for too long")
    }

    /// Lets another process lead at once; safe to call when one does.
    public func resign() async {
        guard isShared else { return }
        let (name, number) = (leadership.name, number)
        do {
            _ = try await leadership.signs.write(deadline: .now.advanced(by: leadership.lease)) { connection in
                try connection.execute(
                    "UPDATE leadership SET holder = '' WHERE name = \(name) AND term = \(number)"
                )
            }
        } catch {
            // The others see to it when the lease is over.
            leadership.log.warning("cannot step back", ["error": "\(error)"])
        }
    }

    private var isShared: Bool { leadership.database.engine == .postgres }

    func beat(before deadline: ContinuousClock.Instant) async throws {
        let (name, number) = (leadership.name, number)
        let isHeld = try await leadership.signs.write(deadline: deadline) { connection in
            // Read without waiting for the transaction that keeps the row.
            try connection.execute(
                """
                UPDATE leadership_beat SET beat = beat + 1
                WHERE name = \(name)
                    AND EXISTS (SELECT 1 FROM leadership WHERE name = \(name) AND term = \(number) AND holder <> '')
                """
            ) == 1
        }
        guard isHeld else { throw LeadershipLost("another process leads") }
    }

    /// Holds the term until a transaction ends: the next one begins after it.
    private func check(on connection: any DatabaseConnection) throws {
        let term: Int? = try connection.value(
            "SELECT term FROM leadership WHERE name = \(leadership.name) AND holder <> '' FOR UPDATE"
        )
        guard term == number else {
            throw DatabaseError(.superseded, "another process leads: nothing is written by the one of term \(number)")
        }
    }

    private func waitForever() async throws {
        while true { try await leadership.clock.sleep(for: .seconds(86_400)) }
    }
}

/// Why a process leads no more.
public struct LeadershipLost: ExitCodeProviding, CustomStringConvertible {
    public let description: String
    /// To be started again.
    public let exitCode = EX_TEMPFAIL

    init(_ description: String) {
        self.description = description
    }
}
