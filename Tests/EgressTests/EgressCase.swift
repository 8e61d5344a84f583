import Egress
import EventLoop

/// Sends requests from a loop of its own, whose thread ends with the process.
struct EgressCase {
    let loop: EventLoop

    init() throws {
        loop = try EventLoop(name: "egress")
        try loop.start()
    }

    func perform(
        _ request: EgressRequest,
        policy: AddressPolicy = .standard,
        trusting authorityFile: String? = nil
    ) async throws -> Result<EgressResponse, EgressError> {
        try await Self.perform(request, policy: policy, trusting: authorityFile, on: loop)
    }

    /// Sends a request from the loop; what it throws is part of the result.
    static func perform(
        _ request: EgressRequest,
        policy: AddressPolicy = .standard,
        trusting authorityFile: String? = nil,
        on loop: EventLoop
    ) async throws -> Result<EgressResponse, EgressError> {
        await withTaskExecutorPreference(loop) { [loop] in
            let gate = AddressGate(DNSResolver(on: loop), policy: policy)
            let egress = HTTPEgress(gate, trust: TrustedAuthorities(file: authorityFile))
            do throws(EgressError) {
                return .success(try await egress.perform(request))
            } catch {
                return .failure(error)
            }
        }
    }

    func failure(
        _ request: EgressRequest,
        policy: AddressPolicy = .standard,
        trusting authorityFile: String? = nil
    ) async throws -> EgressError? {
        guard case .failure(let error) = try await perform(request, policy: policy, trusting: authorityFile) else {
            return nil
        }
        return error
    }
}
