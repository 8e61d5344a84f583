import EventLoop
import Glibc
import Testing

@Suite("Sockets")
struct SocketTests {
    @Test("reads an address and prints it the same", arguments: ["127.0.0.1:80", "[::1]:443", "[2001:db8::1]:65535"])
    func roundTrip(text: String) throws {
        #expect(try #require(SocketAddress(text)).description == text)
    }

    @Test(
        "refuses what is not one address and a port",
        arguments: [
            "", "127.0.0.1", "localhost:80", "::1:80", "127.1:80", "0x7f.0.0.1:1", "127.0.0.1:65536", "1.2.3.4:-1",
        ]
    )
    func notAnAddress(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test("gives an address to the kernel and gets it back", arguments: ["127.0.0.1:0", "[::1]:0"])
    func throughTheKernel(text: String) throws {
        let address = try #require(SocketAddress(text))
        let listener = try TCPSocket.listen(on: address)
        let bound = try TCPSocket.localAddress(of: listener)
        #expect(bound.address == address.address)
        #expect(bound.port != 0)
    }

    @Test("says which address is in use")
    func inUse() throws {
        let address = SocketAddress(.loopback, port: 0)
        let holder = try TCPSocket.listen(on: address, sharingPort: false)
        let bound = try TCPSocket.localAddress(of: holder)
        let error = #expect(throws: SystemError.self) { _ = try TCPSocket.listen(on: bound).number }
        #expect(error?.code == EADDRINUSE)
        #expect(error?.description.contains("\(bound)") == true)
    }
}
