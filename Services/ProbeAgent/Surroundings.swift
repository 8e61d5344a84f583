import Contracts
import EventLoop
import Foundation

extension AgentRegistration.Surroundings {
    /// What this machine's own configuration says, but for what its operator chose; what cannot be read is left out.
    static func current(resolvers: [SocketAddress], allowsLoopback: Bool) -> Self {
        let routes = (try? String(contentsOfFile: "/proc/net/route", encoding: .utf8)) ?? ""
        let configuration = (try? String(contentsOfFile: "/etc/resolv.conf", encoding: .utf8)) ?? ""
        var surroundings = Self(routes: routes, resolverConfiguration: configuration)
        if !resolvers.isEmpty { surroundings.resolvers = resolvers.map(\.address.description) }
        surroundings.allowsLoopback = allowsLoopback
        return surroundings
    }

    /// Reads `/proc/net/route` (proc(5)) and `resolv.conf` (resolv.conf(5)).
    init(routes: String, resolverConfiguration: String) {
        self.init(
            router: Self.defaultRouter(in: routes)?.description,
            resolvers: resolverConfiguration.split(separator: "\n").compactMap { line in
                let words = line.split(whereSeparator: \.isWhitespace)
                guard words.count >= 2, words[0] == "nameserver" else { return nil }
                return IPAddress(String(words[1]))?.description
            }
        )
    }

    /// The gateway of the default route with the lowest metric.
    private static func defaultRouter(in table: String) -> IPAddress? {
        let hasGateway: UInt32 = 2
        let lines = table.split(separator: "\n").dropFirst()
        let defaults = lines.compactMap { line -> (metric: Int, router: IPAddress)? in
            let fields = line.split(whereSeparator: \.isWhitespace)
            guard fields.count >= 8, UInt32(fields[1], radix: 16) == 0, UInt32(fields[7], radix: 16) == 0,
                let flags = UInt32(fields[3], radix: 16), flags & hasGateway != 0,
                let gateway = UInt32(fields[2], radix: 16), let metric = Int(fields[6])
            else { return nil }
            return (metric, IPAddress(v4: UInt32(bigEndian: gateway)))
        }
        return defaults.min { $0.metric < $1.metric }?.router
    }
}
