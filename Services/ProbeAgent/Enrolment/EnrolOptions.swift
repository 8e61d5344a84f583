import Configuration
import Egress
import EventLoop

/// The command line of `probe-agent enrol`.
struct EnrolOptions: Sendable {
    static let usage = """
        usage: probe-agent enrol --url URL --token TOKEN --identity DIR [--authorities FILE]

        Makes this host an agent: makes a key, has the gateway at URL exchange the token for a certificate, writes both
        to DIR, and prints the settings to start probe-agent with. `sonde agent enrol` makes the token, which is good
        once; SONDE_ENROLMENT_TOKEN may hold it instead, where others would see it among the processes. FILE holds, in
        PEM, the authorities that vouch for the gateway, when the system does not know them.
        """

    /// As it was given.
    var gateway: String
    var url: EgressURL
    var token: String
    var directory: String
    var authorities: String?

    /// What follows `enrol`.
    init(_ arguments: [String], _ environment: Environment) throws(EnrolError) {
        var values: [String: String] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = parts.first, ["--url", "--token", "--identity", "--authorities"].contains(name) else {
                throw EnrolError(.usage, "enrol takes no \"\(argument)\"; try --help")
            }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst(), !value.isEmpty else {
                throw EnrolError(.usage, "\(name) needs a value")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw EnrolError(.usage, "\(name) is given twice")
            }
        }
        guard let url = values["--url"] else { throw EnrolError(.usage, "--url is missing; try --help") }
        guard let directory = values["--identity"] else {
            throw EnrolError(.usage, "--identity is missing; try --help")
        }
        guard let token = values["--token"] ?? environment.optionalString("SONDE_ENROLMENT_TOKEN") else {
            throw EnrolError(.usage, "--token is missing; try --help")
        }
        gateway = url
        self.url = try Self.checked(url)
        self.token = token
        self.directory = directory
        authorities = values["--authorities"]
    }

    /// The token, and whom to trust from then on, go over this connection.
    private static func checked(_ text: String) throws(EnrolError) -> EgressURL {
        let base = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard (try? EgressURL(text)) != nil, let url = try? EgressURL("\(base)/api/v1/enrolments/redeem") else {
            throw EnrolError(.usage, "--url must be the gateway's, such as https://sonde.example.org, got \"\(text)\"")
        }
        let isLocal = url.host == "localhost" || IPAddress(url.host).map { AddressClass(of: $0) == .loopback } == true
        guard url.isSecure || isLocal else {
            throw EnrolError(.usage, "--url must be https: over \(text) the token would be anyone's who listens")
        }
        return url
    }
}

/// Why a host was not enrolled: one line, and an exit code of sysexits.h.
struct EnrolError: Error, CustomStringConvertible {
    enum Code: Int32 {
        /// The command line is wrong (EX_USAGE).
        case usage = 64
        /// The gateway cannot be reached, or does not enrol now (EX_UNAVAILABLE).
        case unavailable = 69
        /// The identity cannot be written (EX_CANTCREAT).
        case cannotCreate = 73
        /// The token is not good (EX_NOPERM).
        case refused = 77
    }

    var code: Code
    var description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
