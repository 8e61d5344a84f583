import CNghttp2

/// The functions that libnghttp2 calls, for all sessions of one side.
///
/// Made once, never freed and only read, so it may be shared.
@safe struct HTTP2Callbacks: @unchecked Sendable {
    let pointer: OpaquePointer

    static let server = Self()
    static let client = Self()

    private init() {
        var callbacks: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks = unsafe callbacks else {
            preconditionFailure("there is no memory to start with")
        }
        unsafe pointer = callbacks
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, onBeginFrame)
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, onBeginHeaders)
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks, onHeader)
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, onFrame)
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, onData)
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, onStreamClose)
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, onFrameSent)
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, onInvalidFrame)
    }

    /// Copies a stream's bytes into a DATA frame.
    static let read: nghttp2_data_source_read_callback = { _, _, buffer, capacity, flags, source, _ in
        guard let pointer = unsafe source?.pointee.ptr, let buffer = unsafe buffer else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        return unsafe Unmanaged<HTTP2Stream>.fromOpaque(pointer)._withUnsafeGuaranteedRef { stream in
            guard let count = unsafe stream.copyOutput(to: buffer, capacity) else {
                return Int(NGHTTP2_ERR_DEFERRED.rawValue)
            }
            if stream.isOutputSent {
                unsafe flags?.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
                stream.didFinishSending()
            }
            return count
        }
    }
}

/// Lets `body` work on the session behind a callback's pointer, without counting a reference.
private func withSession<Result>(
    _ data: UnsafeMutableRawPointer?,
    _ body: (HTTP2Session) -> Result
) -> Result? {
    guard let data = unsafe data else { return nil }
    return unsafe Unmanaged<HTTP2Session>.fromOpaque(data)._withUnsafeGuaranteedRef(body)
}

private let onBeginFrame: nghttp2_on_begin_frame_callback = { _, header, data in
    guard let header = unsafe header?.pointee else { return 0 }
    let isHead = UInt32(header.type) == NGHTTP2_HEADERS.rawValue
    guard isHead || isControl(header) else { return 0 }
    let isAbused = unsafe withSession(data) { session in
        if isHead { session.checkHead(of: header.stream_id) } else { session.countControlFrame() }
        return session.isAbused
    }
    return isAbused == true ? NGHTTP2_ERR_CALLBACK_FAILURE.rawValue : 0
}

/// Whether a frame costs its sender nothing, so that many of them are an attack.
private func isControl(_ header: nghttp2_frame_hd) -> Bool {
    switch UInt32(header.type) {
    case NGHTTP2_PING.rawValue, NGHTTP2_SETTINGS.rawValue: header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0
    case NGHTTP2_PRIORITY.rawValue: true
    default: false
    }
}

private let onBeginHeaders: nghttp2_on_begin_headers_callback = { _, frame, data in
    guard let frame = unsafe frame?.pointee else { return 0 }
    let isRequest = unsafe frame.headers.cat == NGHTTP2_HCAT_REQUEST
    let id = unsafe frame.hd.stream_id
    unsafe withSession(data) { $0.beginHead(of: id, isRequest: isRequest) }
    return 0
}

private let onHeader: nghttp2_on_header_callback = { _, _, name, nameCount, value, valueCount, _, data in
    let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
    let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
    unsafe withSession(data) { unsafe $0.addField(name, value) }
    return 0
}

private let onFrame: nghttp2_on_frame_recv_callback = { _, frame, data in
    guard let frame = unsafe frame?.pointee else { return 0 }
    let header = unsafe frame.hd
    let isPadding = unsafe UInt32(header.type) == NGHTTP2_DATA.rawValue && header.length == frame.data.padlen
    let isAbused = unsafe withSession(data) { session in
        let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        if isPadding, !endsStream { session.countControlFrame() }
        session.frameReceived(
            nghttp2_frame_type(UInt32(header.type)),
            stream: header.stream_id,
            isAcknowledgement: header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0,
            endsStream: endsStream
        )
        return session.isAbused
    }
    return isAbused == true ? NGHTTP2_ERR_CALLBACK_FAILURE.rawValue : 0
}

private let onData: nghttp2_on_data_chunk_recv_callback = { _, _, id, bytes, count, data in
    let bytes = unsafe UnsafeBufferPointer(start: bytes, count: count)
    unsafe withSession(data) { unsafe $0.dataReceived(bytes, stream: id) }
    return 0
}

private let onStreamClose: nghttp2_on_stream_close_callback = { _, id, code, data in
    unsafe withSession(data) { $0.streamClosed(id, code: code) }
    return 0
}

private let onFrameSent: nghttp2_on_frame_send_callback = { _, frame, data in
    guard let type = unsafe frame?.pointee.hd.type, UInt32(type) == NGHTTP2_RST_STREAM.rawValue else { return 0 }
    unsafe withSession(data) { $0.countReset() }
    return 0
}

private let onInvalidFrame: nghttp2_on_invalid_frame_recv_callback = { _, _, _, data in
    unsafe withSession(data) { $0.countControlFrame() }
    return 0
}
