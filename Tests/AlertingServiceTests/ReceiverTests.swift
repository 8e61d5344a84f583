import Contracts
import JSON
import JSONRPC
import ServiceTesting
import Testing

@testable import AlertingService

@Suite("Receivers", .everyEngine)
struct ReceiverTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("begin with the log; deleted it stays away")
    func defaults() async throws {
        try await AlertingCase.run(in: directory) { test in
            let receivers = try await test.client.call(.listReceivers, Empty()).receivers
            #expect(receivers.map(\.kind) == [.log])
            let reference = ReceiverReference(id: try #require(receivers.first).id)
            _ = try await test.client.call(.deleteReceiver, reference)
            let gone = try await failure { try await test.client.call(.deleteReceiver, reference) }
            #expect(gone.code == .notFound)
        }
        try await AlertingCase.run(in: directory) { test in
            let receivers = try await test.client.call(.listReceivers, Empty()).receivers
            #expect(receivers.isEmpty)
        }
    }

    @Test("keep a URL as it will be connected to")
    func webhook() async throws {
        try await AlertingCase.run(in: directory) { test in
            let new = NewReceiver(name: "pager", kind: .webhook, url: "https://hooks.example/a?b=c")
            let created = try await test.client.call(.createReceiver, new)
            #expect(created.url == "https://hooks.example/a?b=c")
            #expect(try await test.client.call(.listReceivers, Empty()).receivers.last == created)
            let odd = NewReceiver(name: "odd", kind: .webhook, url: "http://0x7f.1:8080/")
            #expect(try await test.client.call(.createReceiver, odd).url == "http://127.0.0.1:8080/")
        }
    }

    static let badURLs: [String?] = [
        nil, "", " ", "hooks.example", "/hook", "ftp://hooks.example/", "file:///etc/passwd", "http://",
        "http://user:secret@hooks.example/", "http://hooks.example/a b", "http://hooks.example/\r\nX: y",
        "http://bücher.example/", "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/", "http://0.0.0.0/", "http://hooks.example:0/",
        "http://hooks.example/" + String(repeating: "x", count: 2_048),
    ]

    @Test("with a URL that cannot be posted to are refused")
    func validation() async throws {
        try await AlertingCase.run(in: directory) { test in
            for url in Self.badURLs {
                let new = NewReceiver(name: "hook", kind: .webhook, url: url)
                let error = try await failure { try await test.client.call(.createReceiver, new) }
                #expect(error.code == .invalidParams, "\(url ?? "nothing")")
                #expect(error.data == ["field": "url"], "\(url ?? "nothing")")
            }
            let named = NewReceiver(name: "", kind: .log)
            #expect(try await failure { try await test.client.call(.createReceiver, named) }.data == ["field": "name"])
            let log = NewReceiver(name: "log", kind: .log, url: "http://hooks.example/")
            #expect(try await failure { try await test.client.call(.createReceiver, log) }.data == ["field": "url"])
            #expect(try await test.client.call(.listReceivers, Empty()).receivers.count == 1)
        }
    }

    @Test("are limited in number")
    func limit() async throws {
        try await AlertingCase.run(in: directory, MeasurementLog(), ["ALERTING_MAX_RECEIVERS": "1"]) { test in
            let new = NewReceiver(name: "log", kind: .log)
            let error = try await failure { try await test.client.call(.createReceiver, new) }
            #expect(error.code == .conflict)
        }
    }
}
