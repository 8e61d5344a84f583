import Foundation
import Glibc
import Lifecycle
import Testing

@Suite("A supervisor")
struct SupervisorTests {
    @Test(
        "hears that the process has started, at a path and at an abstract name",
        arguments: [FileManager.default.temporaryDirectory.path + "/", "@"]
    )
    func start(_ prefix: String) throws {
        let name = "\(prefix)supervisor-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: name) }
        let descriptor = try listen(name)
        defer { close(descriptor) }
        #expect(Supervisor(socket: name).noteStart())
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = unsafe recv(descriptor, &bytes, bytes.count, CInt(MSG_DONTWAIT))
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "READY=1")
    }

    @Test(
        "that is gone, or cannot be, is not told",
        arguments: ["", "@", "/nowhere/at-all", String(repeating: "a", count: 108)]
    )
    func gone(_ name: String) {
        #expect(!Supervisor(socket: name).noteStart())
    }

    private func listen(_ name: String) throws -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(name.utf8)
        if path[0] == UInt8(ascii: "@") { path[0] = 0 }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        return descriptor
    }
}
