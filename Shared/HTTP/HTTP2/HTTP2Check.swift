import CNghttp2

/// Turns a negative code of libnghttp2 into a thrown error, and passes the rest through.
func check(_ code: CInt, _ call: StaticString) throws(HTTPError) {
    guard code < 0 else { return }
    let isPeer = code != NGHTTP2_ERR_NOMEM.rawValue && code != NGHTTP2_ERR_INVALID_ARGUMENT.rawValue
    let reason = unsafe String(cString: nghttp2_strerror(code))
    throw HTTPError(isPeer ? .protocolViolation : .library, "\(call): \(reason)")
}
