import Foundation
import Testing

@testable import JSONRPC

@Suite("A reply")
struct ReplyTests {
    /// What is taken out of it, whether it is as our servers write it or not.
    @Test(
        "has its result taken out",
        arguments: [
            (#"{"jsonrpc":"2.0","result":{"a":[1,"b\"c"]},"id":1}"#, #"{"a":[1,"b\"c"]}"#),
            (#"{"jsonrpc":"2.0","result":null,"id":1}"#, "null"),
            (#"{"jsonrpc":"2.0","result":7,"id":1} "#, "7"),
            (#"{"jsonrpc":"2.0","result":7,"id":12}"#, "7"),
            (#"{"jsonrpc":"2.0","result":7,"id":1,"more":{}}"#, "7"),
            (#"{"jsonrpc":"2.0","result": 7 ,"id":1}"#, "7"),
            (#"{"jsonrpc": "2.0", "id": 1, "result": [7]}"#, "[7]"),
            (#"{"id":1,"result":"x","jsonrpc":"2.0"}"#, #""x""#),
        ]
    )
    func result(text: String, result: String) throws {
        let bytes = Array(text.utf8)
        #expect(try RPCReplyEnvelope(bytes).result() == Data(bytes).range(of: Data(result.utf8)))
    }

    @Test(
        "that is none is refused",
        arguments: [
            "", "{}", #"{"jsonrpc":"2.0","result":"#, #"{"jsonrpc":"2.0","result":7"#,
            #"{"jsonrpc":"2.0","result":7,"id":1"#,
            #"{"jsonrpc":"2.0","result":,"id":1}"#, #"{"jsonrpc":"2.0","result":[7,"id":1}"#,
            #"{"jsonrpc":"2.0","result":7,"id":1}}"#, #"{"jsonrpc":"2.0","result":7,"id":1}x"#,
            #"{"jsonrpc":"2.0","result":07,"id":1}"#, #"{"jsonrpc":"2.0","result":7,"id":1}{}"#,
            #"{"jsonrpc":"2.0","error":{"code":-32000,"message":"no"},"id":1}"#,
        ]
    )
    func refused(text: String) {
        #expect(throws: RPCError.self) { try RPCReplyEnvelope(Array(text.utf8)).result() }
    }
}
