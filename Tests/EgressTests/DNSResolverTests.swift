import Egress
import EventLoop
import Glibc
import Synchronization
import TestServers
import Testing

@Suite("DNSResolver")
struct DNSResolverTests {
    /// Its thread ends with the process.
    private let loop: EventLoop

    init() throws {
        loop = try EventLoop(name: "resolver")
        try loop.start()
    }

    private func query(
        _ name: String,
        _ type: DNSRecordType,
        at server: SocketAddress,
        timeout: Duration = .seconds(5)
    ) async -> Result<DNSAnswer, EgressError> {
        await withTaskExecutorPreference(loop) { [loop] in
            do throws(EgressError) {
                return .success(try await DNSResolver(on: loop).query(name, type, server: server, timeout: timeout))
            } catch {
                return .failure(error)
            }
        }
    }

    private func addresses(
        of name: String,
        from server: NameServer,
        family: FamilyChoice = .any
    ) async -> Result<[IPAddress], EgressError> {
        let address = server.address
        return await withTaskExecutorPreference(loop) { [loop] in
            let gate = AddressGate(DNSResolver(on: loop, servers: [address]))
            do throws(EgressError) {
                return .success(try await gate.addresses(of: name, family: family))
            } catch {
                return .failure(error)
            }
        }
    }

    @Test("asks one server, and brings its answer and the time it took")
    func answer() async throws {
        let server = try await NameServer(addresses: [[192, 0, 2, 7]])
        let answer = try await query("a.example", .a, at: server.address).get()
        #expect(answer.responseCodeName == "NOERROR")
        #expect(answer.records.map(\.text) == ["192.0.2.7"])
        #expect(answer.elapsedMicroseconds > 0)
    }

    @Test("takes an answer that says no for an answer", arguments: [2, 3, 5])
    func negative(code: UInt8) async throws {
        let server = try await NameServer(addresses: [], responseCode: code)
        #expect(try await query("a.example", .mx, at: server.address).get().responseCode == Int(code))
    }

    @Test("waits no longer than it was given")
    func timeout() async throws {
        let server = try await NameServer { _ in nil }
        let result = await query("a.example", .a, at: server.address, timeout: .milliseconds(50))
        #expect(result.failure?.code == .timeout)
    }

    @Test("does not take an answer to another question for its own")
    func forged() async throws {
        let server = try await NameServer { question in
            [question[0] ^ 1, question[1], 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0] + question[12...]
        }
        let result = await query("a.example", .a, at: server.address, timeout: .milliseconds(50))
        #expect(result.failure?.code == .timeout)
    }

    @Test("says when no server is there")
    func refused() async throws {
        let unused = try TCPSocket.localAddress(of: TCPSocket.listen(on: SocketAddress(.loopback, port: 0)))
        #expect(await query("a.example", .a, at: unused).failure?.code == .refused)
    }

    @Test(
        "refuses what cannot be a name",
        arguments: ["", "a b", "a\u{0}b", String(repeating: "a", count: 300), "a..b"]
    )
    func badName(name: String) async throws {
        let server = try await NameServer(addresses: [])
        #expect(await query(name, .a, at: server.address).failure?.code == .badRequest)
    }

    @Test("resolves names of the hosts file, and of its servers, by family")
    func families() async throws {
        let server = try await NameServer(addresses: [
            [192, 0, 2, 7], [0x20, 1, 0xd, 0xb8] + Array(repeating: 1, count: 12),
        ])
        let v4 = try #require(IPAddress("192.0.2.7"))
        let v6 = try #require(IPAddress("2001:db8:101:101:101:101:101:101"))
        #expect(try await Set(addresses(of: "a.example", from: server).get()) == [v4, v6])
        #expect(try await addresses(of: "a.example", from: server, family: .v4).get() == [v4])
        #expect(try await addresses(of: "a.example", from: server, family: .v6).get() == [v6])
        #expect(try await addresses(of: "localhost", from: server, family: .v4).get() == [.loopback])
    }

    @Test("drops forbidden addresses from a mixed answer, and says when none is left")
    func mixedAnswer() async throws {
        let metadata: [UInt8] = [169, 254, 169, 254]
        let mixed = try await NameServer(addresses: [metadata, [192, 0, 2, 7]])
        let allowed = try #require(IPAddress("192.0.2.7"))
        #expect(try await addresses(of: "a.example", from: mixed).get() == [allowed])
        let bad = try await NameServer(addresses: [metadata])
        #expect(await addresses(of: "a.example", from: bad).failure?.code == .forbidden)
    }

    @Test("says when a name does not exist")
    func noSuchName() async throws {
        let server = try await NameServer(addresses: [], responseCode: 3)
        #expect(await addresses(of: "a.example", from: server).failure?.code == .resolve)
    }

    @Test("asks again only when the answer's time is over")
    func cache() async throws {
        let counter = Counter()
        let server = try await NameServer { question in
            counter.add()
            let head = Array(question[..<2]) + [0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]
            return head + question[12...] + [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]
        }
        let address = server.address
        try await withTaskExecutorPreference(loop) { [loop] in
            let gate = AddressGate(DNSResolver(on: loop, servers: [address]))
            for _ in 0..<3 { _ = try await gate.addresses(of: "a.example", family: .v4) }
        }
        #expect(counter.count == 1)
    }

    @Test("bounds what is under way, and ends with its task")
    func bounds() async throws {
        let server = try await NameServer { _ in nil }
        let address = server.address
        let codes = await withTaskGroup(of: EgressError.Code?.self) { [loop] group in
            let resolver = LoopBound(DNSResolver(on: loop, maximumLookups: 1), on: loop)
            for _ in 0..<2 {
                group.addTask(executorPreference: loop) {
                    do throws(EgressError) {
                        _ = try await resolver.value.query("a.example", .a, server: address, timeout: .seconds(3_600))
                        return nil
                    } catch {
                        return error.code
                    }
                }
            }
            let first = await group.next()
            group.cancelAll()
            return [first, await group.next()]
        }
        #expect(codes == [.busy, .cancelled])
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
