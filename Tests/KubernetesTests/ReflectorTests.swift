import JSON
import Observability
import TLS
import TestServers
import Testing

@testable import Kubernetes

@Suite("The reflector", .timeLimit(.minutes(5)))
struct ReflectorTests {
    private static let watch = "GET /api/v1/nodes?watch=1"

    @Test(
        "knows what there is, and hears of what comes, changes and goes",
        arguments: [[ApplicationProtocol.http2, .http1], [.http1]]
    )
    func follows(protocols: [ApplicationProtocol]) async throws {
        try await KubernetesCase.run(KubernetesServer(protocols)) { context in
            try context.server.create("v1/nodes", "a")
            #expect(!KubernetesCopy<KubernetesNode>().isSynced)
            try await context.reflecting { reflector in
                try await reflector.names(["a"])
                try context.server.create("v1/nodes", "b", ["metadata": ["labels": ["zone": "z\u{e9}\u{1f600}"]]])
                let copy = try await reflector.names(["a", "b"])
                let key = KubernetesKey(namespace: "", name: "b")
                #expect(copy.objects[key]?.metadata.labels == ["zone": "z\u{e9}\u{1f600}"])
                try context.server.patch("v1/nodes", "b", ["spec": ["unschedulable": true]])
                try await reflector.copy { $0.objects[key]?.isCordoned == true }
                try context.server.delete("v1/nodes", "b")
                try await reflector.names(["a"])
            }
        }
    }

    @Test("tells each reader what changed since it looked last")
    func updates() async throws {
        try await KubernetesCase.run { context in
            try context.server.create("v1/nodes", "a")
            try await context.reflecting { reflector in
                var updates = reflector.updates.makeAsyncIterator()
                let first = try await updates.next()
                #expect(first?.copy.isSynced == true)
                #expect(first?.changed.map(\.metadata.name) == ["a"])
                context.server.sendBookmarks()
                try context.server.patch("v1/nodes", "a", ["metadata": ["labels": ["x": "y"]]])
                let second = try await updates.next()
                #expect(second?.changed.map(\.metadata.labels) == [["x": "y"]])
                #expect(second?.removed == [])
                try context.server.delete("v1/nodes", "a")
                let third = try await updates.next()
                #expect(third?.removed.map(\.name) == ["a"])
                #expect(third?.changed.isEmpty == true)
            }
        }
    }

    @Test("takes a watch up where it ended, without a list", arguments: [true, false])
    func resumes(endsWell: Bool) async throws {
        try await KubernetesCase.run { context in
            try await context.reflecting { reflector in
                try await reflector.names([])
                try await context.server.requests(1, with: Self.watch)
                let made = try context.server.create("v1/nodes", "a")
                try await reflector.names(["a"])
                if endsWell { context.server.endWatches() } else { context.server.breakWatches() }
                let second = try await context.server.requests(2, with: Self.watch)[1]
                guard case .string(let version)? = made["metadata"]?["resourceVersion"] else {
                    throw KubernetesError(.protocolViolation, "no version")
                }
                #expect(second.contains("resourceVersion=\(version)&"))
                try context.server.create("v1/nodes", "b")
                try await reflector.names(["a", "b"])
                #expect(context.server.requests.filter { $0.contains("limit=") }.count == 1)
            }
        }
    }

    @Test("goes on from a bookmark, where others have changed much and this kind nothing")
    func bookmarks() async throws {
        try await KubernetesCase.run { context in
            try await context.reflecting { reflector in
                try await reflector.names([])
                try await context.server.requests(1, with: Self.watch)
                try context.server.create("v1/services", "s", namespace: "n")
                // Read first: what is waited for may be there as soon as it is sent.
                let before = reflector.current.resourceVersion
                context.server.sendBookmarks()
                try await reflector.version(after: before)
                context.server.endWatches()
                let second = try await context.server.requests(2, with: Self.watch)[1]
                #expect(second.contains("resourceVersion=1001&"))
                #expect(second.contains("allowWatchBookmarks=true"))
            }
        }
    }

    @Test("lists again when its version is gone, whichever way it is told")
    func expired() async throws {
        let event = #"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#
        for fault in [KubernetesFault.text(event + "\n"), .status(410, reason: "Expired", message: "gone"), nil] {
            try await KubernetesCase.run { context in
                try context.server.create("v1/nodes", "a")
                try await context.reflecting { reflector in
                    try await reflector.names(["a"])
                    try await context.server.requests(1, with: Self.watch)
                    if let fault { context.server.inject(fault, into: Self.watch) }
                    context.server.endWatches()
                    if fault == nil {
                        // While nobody watches, all is changed and forgotten.
                        context.server.inject(.status(503, reason: "", message: "away"), into: Self.watch)
                        try context.server.delete("v1/nodes", "a")
                        try context.server.create("v1/nodes", "b")
                        context.server.compact()
                        context.server.endWatches()
                        try await reflector.names(["b"])
                    }
                    try await context.server.requests(2, with: "limit=")
                    try context.server.create("v1/nodes", "c")
                    try await reflector.copy { $0.objects.keys.contains { $0.name == "c" } }
                }
                // Versions grow old: nothing to tell anyone.
                #expect(!context.sink.lines.contains { $0.contains("410") || $0.contains("too old") })
            }
        }
    }

    @Test(
        "outlives answers that nobody can read",
        arguments: [
            KubernetesFault.text("garbage\n"), .text(#"{"type":"NEWS","object":{}}"# + "\n"), .text("[]\n"),
            .text(#"{"type":"ADDED","object":{"metadata":{}}}"# + "\n"), .broken(#"{"type":"AD"#), .text("{"),
            .text(#"{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}"# + "\n"),
            .status(500, reason: "InternalError", message: "boom"),
            .status(429, reason: "TooManyRequests", message: "slow", retryAfterSeconds: 0),
            .status(401, reason: "Unauthorized", message: "who"), .status(403, reason: "Forbidden", message: "no"),
            .text(String(repeating: "x", count: 100_000)),
        ]
    )
    func garbage(fault: KubernetesFault) async throws {
        var limits = KubernetesLimits()
        limits.eventBytes = 50_000
        try await KubernetesCase.run(limits: limits) { context in
            try context.server.create("v1/nodes", "a")
            context.server.inject(fault, into: Self.watch)
            try await context.reflecting { reflector in
                try await context.server.requests(2, with: Self.watch)
                #expect(reflector.current.objects.count == 1)
                try context.server.create("v1/nodes", "b")
                try await reflector.names(["a", "b"])
            }
        }
    }

    @Test("keeps what it knows while the server is away, and says so once")
    func away() async throws {
        try await KubernetesCase.run { context in
            try context.server.create("v1/nodes", "a")
            try await context.reflecting { reflector in
                try await reflector.names(["a"])
                try await context.server.requests(1, with: Self.watch)
                context.server.deny("nodes")
                context.server.endWatches()
                try await context.server.requests(5, with: Self.watch)
                #expect(reflector.current.isSynced && reflector.current.objects.count == 1)
                context.server.deny(nil)
                try context.server.create("v1/nodes", "b")
                try await reflector.names(["a", "b"])
            }
            #expect(context.sink.lines.filter { $0.contains("nodes is forbidden") }.count == 1)
        }
    }

    @Test("leaves a watch whose server is stuck", arguments: [[ApplicationProtocol.http2], [.http1]])
    func stuck(protocols: [ApplicationProtocol]) async throws {
        var settings = KubernetesReflectorSettings.quick
        settings.watchTimeout = .zero
        settings.watchGrace = .milliseconds(20)
        try await KubernetesCase.run(KubernetesServer(protocols)) { [settings] context in
            context.server.inject(.deafness, into: Self.watch)
            try await context.reflecting(settings) { reflector in
                try await context.server.requests(2, with: Self.watch)
                try context.server.create("v1/nodes", "a")
                try await reflector.names(["a"])
            }
        }
    }

    @Test("leaves out an object that is not as it must be, until it is")
    func unreadable() async throws {
        try await KubernetesCase.run { context in
            try await context.reflecting { reflector in
                try await reflector.names([])
                try await context.server.requests(1, with: Self.watch)
                try context.server.create("v1/nodes", "odd", ["spec": ["unschedulable": 7]])
                try await reflector.copy { $0.unreadable.count == 1 }
                try context.server.create("v1/nodes", "a")
                try await reflector.names(["a"])
                try context.server.patch("v1/nodes", "odd", ["spec": ["unschedulable": true]])
                let copy = try await reflector.names(["a", "odd"])
                #expect(copy.unreadable.isEmpty)
            }
            #expect(context.sink.lines.filter { $0.contains("cannot be read") }.count == 1)
        }
    }
}

extension KubernetesReflector {
    fileprivate func version(after old: String) async throws {
        while current.resourceVersion == old {
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
