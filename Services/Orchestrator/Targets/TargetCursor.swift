import Contracts
import Foundation

/// Where a page of targets ended: the last one's place in the order.
struct TargetCursor: Equatable {
    var sortName: String
    var id: String

    init(after target: Target) {
        sortName = target.sortName
        id = target.id.rawValue
    }

    /// `nil` for a text that `text` did not make.
    init?(_ text: String) {
        let padded =
            text.replacing("-", with: "+").replacing("_", with: "/")
            + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: padded), let whole = String(validating: data, as: UTF8.self) else {
            return nil
        }
        guard let uuid = UUIDv7(String(whole.prefix(36))) else { return nil }
        id = uuid.description
        sortName = String(whole.dropFirst(36))
    }

    /// The cursor as text that stands in a URL as it is (RFC 4648, section 5).
    var text: String {
        Data((id + sortName).utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
