import CNghttp2
import EventLoop

/// What one side of a connection does with what the session reads.
protocol HTTP2Role: AnyObject {
    /// All fields of a request, or of a final response, are there.
    func headReceived(_ stream: HTTP2Stream)
    /// A piece of a body; throwing closes the connection.
    func dataReceived(_ stream: HTTP2Stream, _ bytes: Span<UInt8>)
    func endReceived(_ stream: HTTP2Stream)
    func streamClosed(_ stream: HTTP2Stream)
    /// Something waits to be sent at the end of the turn.
    func outputPending()
    func goAwayReceived()
    func pingAcknowledged()
    func settingsReceived()
}

/// One HTTP/2 connection (RFC 9113) without its socket: owns libnghttp2's session, and the streams.
///
/// Bounds what libnghttp2 1.52 leaves to the application: the number and size of fields, resets of both sides, and
/// frames that cost the peer nothing. Confined to the loop of its connection.
@safe final class HTTP2Session {
    private let session: OpaquePointer
    private let isServer: Bool
    let limits: HTTPLimits
    let loop: EventLoop
    /// It holds the session, and lets it go when the connection closes.
    let role: any HTTP2Role
    /// The streams that are open, each at its `slot`; libnghttp2 finds one by its id.
    private(set) var streams: [HTTP2Stream] = []
    /// Streams that are over, and that nobody holds.
    private var idle: [HTTP2Stream] = []
    private var resets: TokenBucket
    private var controlFrames: TokenBucket
    /// Set when the peer has used up a bucket: the connection is to be closed.
    private(set) var isAbused = false
    private(set) var isClosed = false
    /// Bytes of bodies that were received and not taken yet.
    private var buffered = 0
    /// Bytes of the connection's window that are held back because too much is buffered.
    private var owed = 0
    /// A frame that libnghttp2 has made and that did not fit into the last record.
    private var leftover = unsafe UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// The head that is coming in; heads do not interleave.
    private var head = HTTP2Head()
    private var headSince: UInt64?
    private var passedOver = PassedOverStreams()
    private var boundSelf: LoopBound<HTTP2Session>?
    var patience: PatienceWatch?

    init(
        isServer: Bool,
        role: any HTTP2Role,
        loop: EventLoop,
        limits: HTTPLimits,
        takesBlanks: Bool = false
    ) throws(HTTPError) {
        var pointer: OpaquePointer?
        let options = try HTTP2Options(limits, takesBlanks: takesBlanks)
        let callbacks = isServer ? HTTP2Callbacks.server : HTTP2Callbacks.client
        let create = unsafe isServer ? nghttp2_session_server_new2 : nghttp2_session_client_new2
        try check(unsafe create(&pointer, callbacks.pointer, nil, options.pointer), "nghttp2_session_new")
        guard let pointer = unsafe pointer else { throw HTTPError(.library, "nghttp2 made no session") }
        unsafe session = pointer
        self.isServer = isServer
        self.role = role
        self.loop = loop
        self.limits = limits
        resets = TokenBucket(burst: limits.resetBurst, perSecond: limits.resetsPerSecond, now: loop.now)
        let burst = limits.controlFrameBurst
        controlFrames = TokenBucket(burst: burst, perSecond: burst / 10, now: loop.now)
        unsafe nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        unsafe nghttp2_session_del(session)
    }

    /// This session for closures that run later on its loop.
    var bound: LoopBound<HTTP2Session> {
        if let boundSelf { return boundSelf }
        let bound = LoopBound(self, on: loop)
        boundSelf = bound
        return bound
    }

    /// Breaks the cycle between the session and its bound form, and ends every stream.
    func close(_ error: HTTPError) {
        isClosed = true
        boundSelf = nil
        patience?.end()
        let open = streams
        streams = []
        for stream in open {
            stream.close(error)
            role.streamClosed(stream)
        }
        // A callback further up the stack may be at work on one of them.
        loop.atTurnEnd { withExtendedLifetime(open) {} }
        idle = []
    }

    /// The stream with this id; `nil` when it is over, or not on the wire yet.
    func stream(_ id: Int32) -> HTTP2Stream? {
        withStream(id) { $0 }
    }

    /// The same without counting a reference: open streams are held by the session, and outlive the callback.
    @inline(__always)
    private func withStream<Result>(_ id: Int32, _ body: (HTTP2Stream) -> Result) -> Result? {
        guard !isClosed, let pointer = unsafe nghttp2_session_get_stream_user_data(session, id) else { return nil }
        return unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
    }

    private func newStream(_ id: Int32) -> HTTP2Stream {
        let stream = idle.popLast() ?? HTTP2Stream(id: id, session: self)
        stream.reuse(as: id)
        stream.slot = streams.count
        streams.append(stream)
        return stream
    }

    private func remove(_ stream: HTTP2Stream) {
        let last = streams.removeLast()
        guard last !== stream else { return }
        last.slot = stream.slot
        streams[stream.slot] = last
    }

    // MARK: Bytes

    func receive(_ bytes: Span<UInt8>) throws(HTTPError) {
        let result = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe nghttp2_session_mem_recv(session, buffer.baseAddress, buffer.count)
        }
        try check(CInt(clamping: result), "nghttp2_session_mem_recv")
    }

    /// Puts the next frames into `buffer`; returns how many bytes they are, and 0 when there is nothing to be sent.
    func fill(_ buffer: UnsafeMutableBufferPointer<UInt8>) throws(HTTPError) -> Int {
        var count = 0
        while count < buffer.count {
            if unsafe leftover.isEmpty {
                var frame: UnsafePointer<UInt8>?
                let length = unsafe nghttp2_session_mem_send(session, &frame)
                try check(CInt(clamping: length), "nghttp2_session_mem_send")
                guard length > 0 else { break }
                unsafe leftover = UnsafeBufferPointer(start: frame, count: length)
            }
            let taken = unsafe min(leftover.count, buffer.count - count)
            if let source = unsafe leftover.baseAddress {
                unsafe buffer.baseAddress?.advanced(by: count).update(from: source, count: taken)
            }
            unsafe leftover = UnsafeBufferPointer(rebasing: leftover[taken...])
            count += taken
        }
        return count
    }

    /// Whether the connection is over: both sides have said so, and everything is sent.
    var isOver: Bool {
        unsafe nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    // MARK: Time

    /// Why the connection has to end at once: a head that does not come to its end holds up all streams.
    func failure(now: UInt64) -> String? {
        guard let headSince, now - headSince > limits.headTimeout else { return nil }
        return "a head took too long"
    }

    // MARK: Windows

    /// Notes bytes that a stream holds.
    ///
    /// The stream's own window is given back when they are taken.
    private func hold(_ count: Int, for stream: HTTP2Stream) {
        buffered += count
        stream.held += count
        if buffered <= limits.bufferedBytes {
            _ = unsafe nghttp2_session_consume_connection(session, count)
        } else {
            owed += count
        }
    }

    /// Gives back the window of bytes that have been taken from a stream.
    func giveBack(_ count: Int, of stream: HTTP2Stream) {
        buffered -= count
        stream.held -= count
        if !stream.isClosed, count > 0 {
            _ = unsafe nghttp2_session_consume_stream(session, stream.id, count)
            // Bytes may be taken long after they came: nothing else would send the window then.
            role.outputPending()
        }
        if owed > 0, buffered <= limits.bufferedBytes {
            _ = unsafe nghttp2_session_consume_connection(session, owed)
            owed = 0
        }
    }

    /// Lets a stream's body come before anything of it is taken: it is collected up to a limit of its own.
    func openWindow(_ count: Int, of stream: HTTP2Stream) {
        _ = unsafe nghttp2_session_consume_stream(session, stream.id, count)
    }

    // MARK: Frames

    func submitSettings(_ settings: [(id: nghttp2_settings_id, value: Int)]) throws(HTTPError) {
        var entries = settings.map { setting in
            nghttp2_settings_entry(settings_id: Int32(setting.id.rawValue), value: UInt32(setting.value))
        }
        try check(unsafe nghttp2_submit_settings(session, 0, &entries, entries.count), "nghttp2_submit_settings")
        let window = Int32(limits.connectionWindow)
        try check(
            unsafe nghttp2_session_set_local_window_size(session, 0, 0, window),
            "nghttp2_session_set_local_window_size"
        )
    }

    /// Sends the head of an answer; `contentLength` is left out when nobody knows it.
    func submitResponse(
        _ stream: HTTP2Stream,
        status: Int,
        _ fields: HTTPFields,
        contentLength: Int?,
        hasBody: Bool
    ) throws(HTTPError) {
        var source = unsafe Self.source(of: stream)
        let result = unsafe fields.withNameValues(status: status, contentLength: contentLength) { fields, count in
            guard hasBody else { return unsafe nghttp2_submit_response(session, stream.id, fields, count, nil) }
            return unsafe nghttp2_submit_response(session, stream.id, fields, count, &source)
        }
        try check(result, "nghttp2_submit_response")
    }

    /// Starts a stream; `body` is what is known of it so far.
    ///
    /// The fields from `firstVarying` on are not worth remembering for the next request, or must not be.
    func submitRequest(
        _ block: HTTPFields,
        varyingFrom firstVarying: Int,
        body: [UInt8],
        isFinished: Bool
    ) throws(HTTPError) -> HTTP2Stream {
        let id = unsafe nghttp2_session_get_next_stream_id(session)
        guard id < UInt32(Int32.max) else { throw HTTPError(.closing, "the connection has used up its streams") }
        let stream = newStream(Int32(id))
        stream.output = body
        stream.isOutputFinished = isFinished
        var source = unsafe Self.source(of: stream)
        let pointer = unsafe source.source.ptr
        let hasBody = !body.isEmpty || !isFinished
        let result = unsafe block.withNameValues(varyingFrom: firstVarying) { fields, count in
            guard hasBody else { return unsafe nghttp2_submit_request(session, nil, fields, count, nil, pointer) }
            return unsafe nghttp2_submit_request(session, nil, fields, count, &source, pointer)
        }
        if result < 0 { remove(stream) }
        try check(result, "nghttp2_submit_request")
        return stream
    }

    /// Tells libnghttp2 that a stream has something to send again.
    func resume(_ stream: HTTP2Stream) {
        _ = unsafe nghttp2_session_resume_data(session, stream.id)
        role.outputPending()
    }

    func reset(_ stream: HTTP2Stream, _ code: nghttp2_error_code) {
        _ = unsafe nghttp2_submit_rst_stream(session, 0, stream.id, code.rawValue)
        role.outputPending()
    }

    /// Says that the connection is about to close, without refusing what is on its way.
    func submitShutdownNotice() {
        _ = unsafe nghttp2_submit_shutdown_notice(session)
        _ = unsafe nghttp2_submit_ping(session, 0, nil)
    }

    func submitPing() {
        _ = unsafe nghttp2_submit_ping(session, 0, nil)
    }

    /// Takes no new stream from here on.
    func submitGoAway(_ code: nghttp2_error_code = NGHTTP2_NO_ERROR) {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(session)
        _ = unsafe nghttp2_submit_goaway(session, 0, last, code.rawValue, nil, 0)
    }

    /// Whether the peer takes an extended CONNECT (RFC 8441).
    var peerAcceptsConnectProtocol: Bool {
        unsafe nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1
    }

    private static func source(of stream: HTTP2Stream) -> nghttp2_data_provider {
        var provider = unsafe nghttp2_data_provider()
        unsafe provider.source.ptr = Unmanaged.passUnretained(stream).toOpaque()
        unsafe provider.read_callback = HTTP2Callbacks.read
        return unsafe provider
    }

    // MARK: Called back

    /// Ends the connection when a head begins on a stream that was passed over, which libnghttp2 lets go; on one that
    /// it has forgotten, it is counted.
    ///
    /// Every head comes by here, those of requests that are refused at once, too.
    func checkHead(of id: Int32) {
        // Clients have the odd ones, and libnghttp2 refuses heads on others.
        guard isServer, id % 2 == 1, !passedOver.noteHead(on: id) else { return }
        if passedOver.contains(id) {
            _ = unsafe nghttp2_session_terminate_session(session, NGHTTP2_PROTOCOL_ERROR.rawValue)
        } else if unsafe nghttp2_session_find_stream(session, id) == nil {
            countControlFrame()
        }
    }

    func beginHead(of id: Int32, isRequest: Bool) {
        head.clear()
        headSince = loop.now
        guard isRequest, !isClosed else { return }
        let pointer = unsafe Unmanaged.passUnretained(newStream(id)).toOpaque()
        _ = unsafe nghttp2_session_set_stream_user_data(session, id, pointer)
    }

    func addField(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        unsafe head.add(name, value, limits: limits)
    }

    /// Gives the head to its stream, unless it is an informational one, or the trailers of a body.
    private func endHead(of stream: HTTP2Stream) {
        headSince = nil
        guard !stream.isHeadComplete, !(100...199).contains(head.status) else { return }
        swap(&stream.head, &head)
        stream.isHeadComplete = true
        role.headReceived(stream)
    }

    func frameReceived(_ type: nghttp2_frame_type, stream id: Int32, isAcknowledgement: Bool, endsStream: Bool) {
        guard !isClosed else { return }
        switch type {
        case NGHTTP2_HEADERS, NGHTTP2_DATA:
            withStream(id) { stream in
                if type == NGHTTP2_HEADERS { endHead(of: stream) }
                guard endsStream, !stream.isEndReceived else { return }
                stream.isEndReceived = true
                role.endReceived(stream)
            }
        case NGHTTP2_RST_STREAM:
            countReset()
        case NGHTTP2_GOAWAY:
            role.goAwayReceived()
        case NGHTTP2_PING where isAcknowledgement:
            role.pingAcknowledged()
        case NGHTTP2_SETTINGS:
            role.settingsReceived()
        default:
            return
        }
    }

    func dataReceived(_ bytes: UnsafeBufferPointer<UInt8>, stream id: Int32) {
        let isTaken: Void? = withStream(id) { stream in
            hold(bytes.count, for: stream)
            role.dataReceived(stream, unsafe bytes.span)
        }
        guard isTaken == nil else { return }
        // They belong to no stream any more.
        _ = unsafe nghttp2_session_consume_connection(session, bytes.count)
    }

    func streamClosed(_ id: Int32, code: UInt32) {
        guard let stream = stream(id) else { return }
        remove(stream)
        stream.close(code == NGHTTP2_NO_ERROR.rawValue ? nil : Self.error(ofReset: code))
        giveBack(stream.held, of: stream)
        role.streamClosed(stream)
        // Whoever reads or writes a flowing stream may hold it longer.
        if !stream.isFlowing, !stream.isWriting, !stream.isHeld, idle.count < 32 { idle.append(stream) }
    }

    private static func error(ofReset code: UInt32) -> HTTPError {
        let isRefused = code == NGHTTP2_REFUSED_STREAM.rawValue
        return HTTPError(isRefused ? .refused : .reset, "the stream was reset (\(code))")
    }

    func countReset() {
        if !resets.take(now: loop.now) { isAbused = true }
    }

    func countControlFrame() {
        if !controlFrames.take(now: loop.now) { isAbused = true }
    }
}
