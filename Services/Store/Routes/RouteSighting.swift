import Contracts
import Database
import JSON

/// What the metadata of a trace says of a way that has changed.
struct RouteSighting: Equatable {
    var hop: Int
    var flows: Int
    /// Who answers first at each hop; `nil` where nobody does.
    var path: [String?]

    /// `nil` when the way is the same as before, or the metadata are none of a trace.
    init?(metadata: ArraySlice<UInt8>) {
        // Most traces change nothing, and are not read.
        guard metadata.contains(Self.key), let value = try? JSONValue(json: Array(metadata)),
            case .int(let hop)? = value["changed_hop"], (1...255).contains(hop)
        else { return nil }
        self.hop = hop
        if case .int(let flows)? = value["changed_flows"], (1...255).contains(flows) {
            self.flows = flows
        } else {
            flows = 1
        }
        guard case .array(let addresses)? = value["hops"]?["address"] else {
            path = []
            return
        }
        path = addresses.prefix(255).map { address in
            switch address {
            case .string(let text): text
            case .array(let several): if case .string(let text)? = several.first { text } else { nil }
            default: nil
            }
        }
    }

    private static let key = Array("\"changed_hop\"".utf8)
}

extension SQL {
    static func insert(_ sighting: RouteSighting, tenant: TenantID, series: Int, at time: Int64, id: UUIDv7) -> SQL {
        var writer = JSONWriter()
        writer.beginArray()
        for address in sighting.path {
            if let address { writer.string(address) } else { writer.null() }
        }
        writer.endArray()
        return """
            INSERT INTO route (tenant, changed_at, id, series, hop, flows, path)
            VALUES (\(tenant.rawValue), \(time), \(id.bytes), \(series), \(sighting.hop), \(sighting.flows),
                \(String(decoding: writer.bytes, as: UTF8.self)))
            ON CONFLICT (tenant, changed_at, id) DO NOTHING
            """
    }
}
