import CCurl
import EventLoop
import Glibc
import TLS

/// One request on its way to one checked address.
///
/// libcurl calls back with an unretained pointer to this object; the driver keeps it until the transfer is over.
final class CurlTransfer {
    private static let maximumHeaders = 200

    let done: (Result<EgressResponse, EgressError>) -> Void
    private(set) var easy: CurlEasy
    private let request: EgressRequest
    private let address: SocketAddress
    private var headers: [EgressHeader] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var isBodyCut = false
    private var areHeadersTooMany = false
    private var inspection: PeerInspection?

    init(
        _ request: EgressRequest,
        url: EgressURL,
        address: IPAddress,
        timeoutMilliseconds: Int,
        done: @escaping (Result<EgressResponse, EgressError>) -> Void
    ) throws(EgressError) {
        self.request = request
        self.address = SocketAddress(address, port: url.port)
        self.done = done
        easy = try CurlEasy()
        try configure(url, timeoutMilliseconds)
    }

    private func configure(_ url: EgressURL, _ timeoutMilliseconds: Int) throws(EgressError) {
        try easy.set(CURLOPT_URL, url.text)
        try easy.set(CURLOPT_CONNECT_TO, ["::\(address)"])
        try easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try easy.set(CURLOPT_PROXY, "")
        try easy.set(CURLOPT_NOPROXY, "*")
        try easy.set(CURLOPT_NOSIGNAL, 1)
        try easy.set(CURLOPT_TIMEOUT_MS, timeoutMilliseconds)
        try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        try easy.set(CURLOPT_FRESH_CONNECT, request.reusesConnection ? 0 : 1)
        try easy.set(CURLOPT_FORBID_REUSE, request.reusesConnection ? 0 : 1)
        try easy.set(CURLOPT_SSL_VERIFYPEER, request.verifiesCertificate ? 1 : 0)
        try easy.set(CURLOPT_SSL_VERIFYHOST, request.verifiesCertificate ? 2 : 0)
        if let file = request.authorityFile { try easy.set(CURLOPT_CAINFO, file) }
        // With a directory beside the file, libcurl would read all authorities anew with each connection, which takes
        // twenty times as long as the handshake.
        try easy.clear(CURLOPT_CAPATH)
        try configureMessage()
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        try unsafe easy.set(CURLOPT_HEADERFUNCTION, headerCame, CURLOPT_HEADERDATA, context)
        try unsafe easy.set(CURLOPT_WRITEFUNCTION, bodyCame, CURLOPT_WRITEDATA, context)
        try unsafe easy.setOpenSocket(openSocket, context)
    }

    private func configureMessage() throws(EgressError) {
        if request.method == "HEAD" { try easy.set(CURLOPT_NOBODY, 1) }
        if let body = request.body { try easy.setBody(body) }
        if request.method != "GET", request.method != "HEAD" || request.body != nil {
            try easy.set(CURLOPT_CUSTOMREQUEST, request.method)
        }
        try easy.set(CURLOPT_USERAGENT, "sonde")
        // No wait for a "100 Continue", and no content type that nobody asked for.
        var lines = ["Expect:"]
        if request.body != nil { lines.append("Content-Type:") }
        for header in request.headers {
            lines.removeAll { $0.lowercased() == header.name.lowercased() + ":" }
            lines.append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
        }
        try easy.set(CURLOPT_HTTPHEADER, lines)
    }

    // MARK: What comes in

    /// Takes one header line; a false answer ends the transfer.
    fileprivate func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= request.maximumHeaderBytes, headers.count < Self.maximumHeaders else {
            areHeadersTooMany = true
            return false
        }
        if unsafe line.starts(with: "HTTP/".utf8) {
            // A response after an interim one.
            headers.removeAll()
            if request.inspectsPeer { inspection = easy.inspection }
        } else if let colon = unsafe line.firstIndex(of: UInt8(ascii: ":")) {
            let name = unsafe String(decoding: line[..<colon], as: UTF8.self)
            headers.append(EgressHeader(name, unsafe Self.trimmed(line[(colon + 1)...])))
        }
        return true
    }

    /// Keeps as much of the body as was asked for; a false answer ends the transfer.
    fileprivate func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let room = request.maximumBodyBytes - body.count
        unsafe body.append(contentsOf: bytes.prefix(room))
        isBodyCut = bytes.count > room
        return !isBodyCut
    }

    /// Whether libcurl may open a socket to this address: only to the one that was checked.
    fileprivate func mayOpen(_ target: SocketAddress?) -> Bool {
        target.map { $0.address.words == address.address.words && $0.port == address.port } ?? false
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        let isBlank: (UInt8) -> Bool = { [0x20, 0x09, 0x0d, 0x0a].contains($0) }
        guard let first = unsafe bytes.firstIndex(where: { !isBlank($0) }),
            let last = unsafe bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return unsafe String(decoding: bytes[first...last], as: UTF8.self)
    }

    // MARK: The end

    func finish(_ code: CURLcode) {
        let isComplete = code == CURLE_OK || (code == CURLE_WRITE_ERROR && isBodyCut)
        done(isComplete ? .success(response()) : .failure(failure(code)))
    }

    private func response() -> EgressResponse {
        let version =
            switch easy.long(CURLINFO_HTTP_VERSION) {
            case Int(CURL_HTTP_VERSION_1_0): "1.0"
            case Int(CURL_HTTP_VERSION_2_0): "2"
            default: "1.1"
            }
        return EgressResponse(
            status: easy.long(CURLINFO_RESPONSE_CODE),
            httpVersion: version,
            headers: headers,
            body: body,
            isBodyCut: isBodyCut,
            times: times(),
            remoteAddress: address.description,
            redirect: easy.text(CURLINFO_REDIRECT_URL),
            inspection: inspection
        )
    }

    private func failure(_ code: CURLcode) -> EgressError {
        var error =
            areHeadersTooMany
            ? EgressError(.protocolViolation, "the response has more headers than are taken")
            : EgressError(code, errno: CInt(truncatingIfNeeded: easy.long(CURLINFO_OS_ERRNO)))
        error.times = times()
        error.remoteAddress = address.description
        return error
    }

    private func times() -> EgressTimes {
        let resolved = easy.microseconds(CURLINFO_NAMELOOKUP_TIME_T)
        let connected = easy.microseconds(CURLINFO_CONNECT_TIME_T)
        let secured = easy.microseconds(CURLINFO_APPCONNECT_TIME_T)
        let sent = easy.microseconds(CURLINFO_PRETRANSFER_TIME_T)
        let first = easy.microseconds(CURLINFO_STARTTRANSFER_TIME_T)
        return EgressTimes(
            connect: max(0, connected - resolved),
            tls: max(0, secured - connected),
            firstByte: max(0, first - sent),
            total: easy.microseconds(CURLINFO_TOTAL_TIME_T)
        )
    }
}

// MARK: Called by libcurl

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    guard let context = unsafe context else { return nil }
    return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
}

private func headerCame(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer(context)?.takeHeader(line) == true ? size * count : 0
}

private func bodyCame(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let body = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer(context)?.takeBody(body) == true ? size * count : 0
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ target: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let target = unsafe target, unsafe transfer(context)?.mayOpen(SocketAddress(target)) == true else {
        return CURL_SOCKET_BAD
    }
    let flags = TCPSocket.creationFlags
    return unsafe socket(target.pointee.family, target.pointee.socktype | flags, target.pointee.protocol)
}

extension SocketAddress {
    /// libcurl's copy of an address, which is as long as it says, not as its type says.
    fileprivate init?(_ target: UnsafeMutablePointer<curl_sockaddr>) {
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
        var storage = sockaddr_storage()
        let size = unsafe min(Int(target.pointee.addrlen), MemoryLayout<sockaddr_storage>.size)
        unsafe memcpy(&storage, UnsafeRawPointer(target) + offset, size)
        self.init(storage)
    }
}
