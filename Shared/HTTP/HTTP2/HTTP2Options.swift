import CNghttp2

/// How libnghttp2 is to treat a connection.
@safe struct HTTP2Options: ~Copyable {
    let pointer: OpaquePointer

    /// Who takes blanks around the values of fields gets what most servers and clients of the web let through.
    ///
    /// What comes on closed streams is refused as long as they are remembered: as many as may be open, at 200 bytes each,
    /// or none where those are thousands.
    init(_ limits: HTTPLimits, takesBlanks: Bool) throws(HTTPError) {
        var options: OpaquePointer?
        try check(unsafe nghttp2_option_new(&options), "nghttp2_option_new")
        guard let options = unsafe options else { throw HTTPError(.library, "nghttp2 made no options") }
        unsafe pointer = options
        // Windows are given back when bytes are taken, not when they arrive.
        unsafe nghttp2_option_set_no_auto_window_update(options, 1)
        unsafe nghttp2_option_set_no_closed_streams(options, limits.concurrentRequests > 1_000 ? 1 : 0)
        unsafe nghttp2_option_set_max_settings(options, 32)
        unsafe nghttp2_option_set_max_outbound_ack(options, 100)
        unsafe nghttp2_option_set_max_continuations(options, 8)
        unsafe nghttp2_option_set_peer_max_concurrent_streams(options, 100)
        if takesBlanks { unsafe nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(options, 1) }
    }

    deinit {
        unsafe nghttp2_option_del(pointer)
    }
}
