import CAres
import EventLoop
import Glibc

/// One c-ares channel; destroying it ends every query on it.
@safe struct AresChannel: ~Copyable {
    struct Settings: Hashable {
        /// A list like `192.0.2.1:53`; the system's configuration is read when it is `nil`.
        var servers: String?
        var timeoutMilliseconds: Int
        var tries: Int
        /// Hands out answers that say no as well, in place of asking the next server.
        var takesAny = false
        var usesTCP = false

        /// Each repetition waits twice as long as the one before; together they fit in what time there is.
        init(servers: String?, timeout: Duration, tries: Int) {
            self.servers = servers
            self.tries = tries
            timeoutMilliseconds = max(1, Int(timeout.inMilliseconds) / (1 << tries - 1))
        }
    }

    /// Servers, and no hosts file; copied and never written to by c-ares, so it is safe to share.
    nonisolated(unsafe) private static let lookups = unsafe UnsafeRawPointer(("b" as StaticString).utf8Start)
        .assumingMemoryBound(to: CChar.self)

    let pointer: ares_channel

    /// `callback` is told, with `context`, which sockets to watch.
    init(
        _ settings: Settings,
        _ callback: ares_sock_state_cb,
        _ context: UnsafeMutableRawPointer
    ) throws(EgressError) {
        var options = unsafe ares_options()
        unsafe options.flags =
            (settings.takesAny ? CInt(ARES_FLAG_NOCHECKRESP) : 0) | (settings.usesTCP ? CInt(ARES_FLAG_USEVC) : 0)
        unsafe options.timeout = CInt(settings.timeoutMilliseconds)
        unsafe options.tries = CInt(settings.tries)
        unsafe options.sock_state_cb = callback
        unsafe options.sock_state_cb_data = context
        var mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB
        if settings.takesAny, settings.servers != nil {
            // A question to one server needs nothing of the system's configuration, and c-ares reads no file of it when
            // all that those could say is set.
            mask |= ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS | ARES_OPT_SORTLIST | ARES_OPT_NDOTS
            unsafe options.lookups = UnsafeMutablePointer(mutating: Self.lookups)
        }
        unsafe pointer = try unsafe Self.open(options, mask: mask, servers: settings.servers)
    }

    /// A channel to look at the system's configuration with.
    init() throws(EgressError) {
        unsafe pointer = try unsafe Self.open(ares_options(), mask: 0, servers: nil)
    }

    deinit {
        unsafe ares_destroy(pointer)
    }

    var servers: [SocketAddress] {
        var first: UnsafeMutablePointer<ares_addr_port_node>?
        guard unsafe ares_get_servers_ports(pointer, &first) == ARES_SUCCESS else { return [] }
        defer { unsafe ares_free_data(first) }
        var servers: [SocketAddress] = []
        var next = unsafe first
        while let node = unsafe next?.pointee {
            var address = unsafe node.addr
            let size = unsafe node.family == AF_INET ? 4 : 16
            let bytes = unsafe withUnsafeBytes(of: &address) { unsafe Array($0.prefix(size)) }
            let port = unsafe node.udp_port == 0 ? 53 : UInt16(truncatingIfNeeded: node.udp_port)
            if let address = IPAddress(bytes: bytes) { servers.append(SocketAddress(address, port: port)) }
            unsafe next = unsafe node.next
        }
        return servers
    }

    private static func open(
        _ options: ares_options,
        mask: CInt,
        servers: String?
    ) throws(EgressError) -> ares_channel {
        var options = unsafe options
        var opened: ares_channel?
        try check(unsafe ares_init_options(&opened, &options, mask))
        guard let channel = unsafe opened else { throw EgressError(.local, "c-ares made no channel") }
        guard let servers else { return unsafe channel }
        do {
            try check(unsafe ares_set_servers_ports_csv(channel, servers))
            return unsafe channel
        } catch {
            unsafe ares_destroy(channel)
            throw error
        }
    }

    private static func check(_ status: CInt) throws(EgressError) {
        guard status != ARES_SUCCESS else { return }
        throw EgressError(.local, "c-ares: \(unsafe String(cString: ares_strerror(status)))")
    }
}
