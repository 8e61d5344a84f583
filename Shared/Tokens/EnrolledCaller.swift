public import Contracts
import Observability
import TLS

/// An agent outside the cluster that calls: it is what its enrolment says, and nothing once that is deleted.
public struct EnrolledCaller: Sendable {
    public let enrolment: EnrolmentID

    /// `nil` for a call of anybody else.
    public static var ofCall: EnrolledCaller? {
        guard let identity = CallContext.current?.peerIdentity, let id = SPIFFEID(identity)?.enrolment else {
            return nil
        }
        return EnrolledCaller(enrolment: EnrolmentID(rawValue: id))
    }
}
