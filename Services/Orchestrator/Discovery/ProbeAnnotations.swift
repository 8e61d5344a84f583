import Configuration
import Contracts
import Kubernetes

/// What an object's annotations ask for.
struct ProbeAnnotations: Equatable {
    private static let prefix = "sonde.dev/"
    private static let known: Set = ["probe", "probe-type", "probe-interval", "probe-port", "probe-path", "tenant"]
    private static let types: [CheckType] = [.tcp, .http, .tls, .icmp, .dns, .udp]
    private static let intervals = Duration.seconds(1)...Duration.seconds(86_400)
    static let defaultInterval = Duration.seconds(5)
    private static let maximumPathBytes = 1_024

    /// What the kind of object makes of it when left out.
    var type: CheckType?
    var interval = defaultInterval
    /// A number, or the name of a port.
    var port: String?
    /// Begins with a slash.
    var path: String?
    var tenant: TenantID?

    /// `nil` for an object that asks for nothing; throws why what it asks for cannot be had.
    init?(_ metadata: KubernetesMetadata) throws(RefusedObject) {
        let own = (metadata.annotations ?? [:]).filter { $0.key.hasPrefix(Self.prefix) }
        let values = Dictionary(
            uniqueKeysWithValues: own.map { (String($0.key.dropFirst(Self.prefix.count)), $0.value) }
        )
        switch values["probe"] {
        case "true": break
        case nil, "false": return nil
        case .some: throw RefusedObject("sonde.dev/probe must be \"true\" or \"false\"")
        }
        if let stranger = values.keys.filter({ !Self.known.contains($0) }).sorted().first {
            throw RefusedObject("there is no annotation sonde.dev/\(stranger)")
        }
        type = try values["probe-type"].map(Self.type)
        interval = try values["probe-interval"].map(Self.interval) ?? interval
        port = try values["probe-port"].map(Self.port)
        path = try values["probe-path"].map(Self.path)
        tenant = try values["tenant"].map(Self.tenant)
    }

    private static func type(_ text: String) throws(RefusedObject) -> CheckType {
        guard let type = CheckType(rawValue: text), types.contains(type) else {
            let words = types.map(\.rawValue).joined(separator: ", ")
            throw RefusedObject("sonde.dev/probe-type must be one of \(words)")
        }
        return type
    }

    private static func interval(_ text: String) throws(RefusedObject) -> Duration {
        guard let interval = Duration(text: text), intervals.contains(interval) else {
            throw RefusedObject("sonde.dev/probe-interval must be a duration such as 10s, from 1s to 1d")
        }
        return interval
    }

    private static func port(_ text: String) throws(RefusedObject) -> String {
        let isWord = text.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "-") }
        guard (1...63).contains(text.utf8.count), isWord else {
            throw RefusedObject("sonde.dev/probe-port must be a port's number or name")
        }
        return text
    }

    private static func path(_ text: String) throws(RefusedObject) -> String {
        guard text.hasPrefix("/"), text.utf8.count <= maximumPathBytes,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "#") })
        else { throw RefusedObject("sonde.dev/probe-path must begin with a slash, and hold what URLs hold") }
        return text
    }

    private static func tenant(_ text: String) throws(RefusedObject) -> TenantID {
        guard let tenant = TenantID(checking: text) else {
            throw RefusedObject("sonde.dev/tenant must be the id of a tenant")
        }
        return tenant
    }
}

/// Why an object does not become a target.
struct RefusedObject: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
