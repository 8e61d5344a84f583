import CCurl
import EventLoop
import TLS

/// One transfer's handle, and the lists it points to.
@safe struct CurlEasy: ~Copyable {
    /// Which handle it is, to find its transfer by.
    typealias ID = UInt

    let handle: UnsafeMutableRawPointer
    private var lists: [UnsafeMutablePointer<curl_slist>]

    init() throws(EgressError) {
        guard let handle = unsafe curl_easy_init() else { throw EgressError(.local, "libcurl made no handle") }
        unsafe self.handle = handle
        unsafe lists = []
    }

    var id: ID { unsafe ID(bitPattern: handle) }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe lists.forEach { unsafe curl_slist_free_all($0) }
    }

    func set(_ option: CURLoption, _ value: Int) throws(EgressError) {
        try check(unsafe curl_set_long(handle, option, value))
    }

    /// libcurl keeps a copy.
    func set(_ option: CURLoption, _ text: String) throws(EgressError) {
        try check(unsafe curl_set_text(handle, option, text))
    }

    /// Takes back what libcurl has by default.
    func clear(_ option: CURLoption) throws(EgressError) {
        try check(unsafe curl_set_text(handle, option, nil))
    }

    func setBody(_ bytes: [UInt8]) throws(EgressError) {
        try set(CURLOPT_POSTFIELDSIZE, bytes.count)
        let code = unsafe bytes.withUnsafeBytes { buffer in
            unsafe curl_set_pointer(
                handle,
                CURLOPT_COPYPOSTFIELDS,
                UnsafeMutableRawPointer(mutating: buffer.baseAddress)
            )
        }
        try check(code)
    }

    mutating func set(_ option: CURLoption, _ lines: [String]) throws(EgressError) {
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else {
                unsafe curl_slist_free_all(list)
                throw EgressError(.local, "libcurl has no memory for a list")
            }
            unsafe list = longer
        }
        guard let list = unsafe list else { return }
        unsafe lists.append(list)
        try check(unsafe curl_set_list(handle, option, list))
    }

    func set(
        _ function: CURLoption,
        _ callback: curl_write_callback,
        _ data: CURLoption,
        _ context: UnsafeMutableRawPointer
    ) throws(EgressError) {
        try check(unsafe curl_set_data_function(handle, function, callback))
        try check(unsafe curl_set_pointer(handle, data, context))
    }

    func setOpenSocket(
        _ callback: curl_opensocket_callback,
        _ context: UnsafeMutableRawPointer
    ) throws(EgressError) {
        try check(unsafe curl_set_open_socket_function(handle, callback))
        try check(unsafe curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context))
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe curl_get_long(handle, info, &value) == CURLE_OK ? value : 0
    }

    func microseconds(_ info: CURLINFO) -> Int {
        var value: curl_off_t = 0
        return unsafe curl_get_offset(handle, info, &value) == CURLE_OK ? Int(value) : 0
    }

    func text(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        guard unsafe curl_get_text(handle, info, &value) == CURLE_OK, let value = unsafe value else { return nil }
        return unsafe String(cString: value)
    }

    /// What the peer of a connection over TLS showed; only while a transfer is under way.
    var inspection: PeerInspection? {
        var session: UnsafeMutableRawPointer?
        guard unsafe curl_get_openssl(handle, &session) == CURLE_OK, let session = unsafe session else { return nil }
        return unsafe PeerInspection(openSSLSession: session)
    }

    private func check(_ code: CURLcode) throws(EgressError) {
        guard code != CURLE_OK else { return }
        throw EgressError(.local, "libcurl: \(unsafe String(cString: curl_easy_strerror(code)))")
    }
}
