import EventLoop

/// A host name as RFC 1123, section 2.1 has it, with underscores as DNS allows them; at most 253 characters.
func isHostName(_ text: String) -> Bool {
    let name = text.hasSuffix(".") ? text.dropLast() : text[...]
    guard (1...253).contains(name.utf8.count) else { return false }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    // A name of digits alone at its end would be read as a broken IPv4 address.
    guard let last = labels.last, !last.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return false }
    return labels.allSatisfy(isLabel)
}

/// A name to ask a resolver for: labels of at most 63 characters, or the root.
func isDNSName(_ text: String) -> Bool {
    if text == "." { return true }
    let name = text.hasSuffix(".") ? text.dropLast() : text[...]
    guard (1...253).contains(name.utf8.count) else { return false }
    return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
}

private func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
}

/// A host name or the text of an IP address; a zone is not looked up, since it is one of the agent's interfaces.
func isHost(_ text: String) -> Bool {
    guard let percent = text.firstIndex(of: "%") else { return IPAddress(text) != nil || isHostName(text) }
    let zone = text[percent...].dropFirst()
    return IPAddress(String(text[..<percent])).map(\.isV4) == false && isLabel(zone)
}

/// A host with a port or without: `example.org:22`, `192.0.2.1`, `[2001:db8::1]:53`.
func isEndpoint(_ text: String) -> Bool {
    if isHost(text) { return true }
    if let address = SocketAddress(text) { return address.port > 0 }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[colon...].dropFirst()), port > 0 else {
        return false
    }
    return isHostName(String(text[..<colon]))
}

/// `http://` or `https://`, a host without user information, an optional port, and printable ASCII after it.
func isWebURL(_ text: String) -> Bool {
    guard (1...2_048).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
    let lowercase = text.lowercased()
    guard let scheme = ["http://", "https://"].first(where: lowercase.hasPrefix) else { return false }
    let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    var host = authority
    if authority.hasPrefix("[") {
        guard let end = authority.firstIndex(of: "]") else { return false }
        host = authority[...end]
    } else if let colon = authority.firstIndex(of: ":") {
        host = authority[..<colon]
    }
    let rest = authority[host.endIndex...]
    guard rest.isEmpty || rest.first == ":" && UInt16(rest.dropFirst()).map({ $0 > 0 }) == true else { return false }
    guard host.hasPrefix("[") else { return isHost(String(host)) }
    return IPAddress(String(host.dropFirst().dropLast())).map(\.isV4) == false
}

func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
    default:
        false
    }
}
