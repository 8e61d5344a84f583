public import Configuration
import Contracts
import Egress
import EventLoop
import Foundation
import JSON
import JSONRPC
import TLS

/// `probe-agent enrol`: makes this host an agent.
public struct EnrolCommand: Sendable {
    private static let timeout = Duration.seconds(30)

    private let options: EnrolOptions

    /// Ends the process when its command line asks for anything but an agent.
    public static func runIfAsked(_ arguments: [String], _ environment: Environment) async {
        guard let word = arguments.first else { return }
        do {
            if arguments.contains(where: ["--help", "-h"].contains) {
                say(EnrolOptions.usage, to: .standardOutput)
                exit(0)
            }
            guard word == "enrol" else {
                throw EnrolError(.usage, "takes no arguments but enrol, got \"\(word)\"; try --help")
            }
            let command = EnrolCommand(options: try EnrolOptions(Array(arguments.dropFirst()), environment))
            let agent = try await command.run()
            say("enrolled as \(agent.name); start probe-agent with these settings", to: .standardError)
            say(command.settings(of: agent), to: .standardOutput)
            exit(0)
        } catch {
            say("probe-agent: \(error)", to: .standardError)
            exit((error as? EnrolError)?.code.rawValue ?? EnrolError.Code.unavailable.rawValue)
        }
    }

    init(options: EnrolOptions) {
        self.options = options
    }

    /// Writes the identity; a token is used only when that can be expected to go well.
    func run() async throws -> EnrolledAgent {
        do throws(TLSError) {
            if let file = options.authorities { _ = try IdentityMaterial.certificates(in: file) }
        } catch {
            throw EnrolError(.usage, "--authorities: \(error)")
        }
        let folder = IdentityFolder(options.directory)
        let key = try writing { () throws in
            // What else there is belongs to somebody who would miss it.
            guard try folder.certificate()?.spiffeID().enrolment != nil || folder.certificate() == nil else {
                throw EnrolError(.cannotCreate, "\(options.directory) holds another identity; choose another folder")
            }
            return try folder.makeKey()
        }
        let request = String(decoding: try CertificateRequest.pem(for: key), as: UTF8.self)
        let agent: EnrolledAgent
        do {
            agent = try await redeem(EnrolmentRedemption(token: options.token, certificateRequest: request))
        } catch {
            folder.discardKey()
            throw error
        }
        try writing { try folder.exchange(certificate: agent.certificate, authorities: agent.authorities) }
        return agent
    }

    /// As a shell, `env` files of containers and systemd's `EnvironmentFile` read them.
    func settings(of agent: EnrolledAgent) -> String {
        let directory = URL(filePath: options.directory).standardizedFileURL.path(percentEncoded: false)
        return [
            ("PROBE_AGENT_NAME", agent.name),
            ("PROBE_AGENT_IDENTITY_DIR", directory),
            ("ORCHESTRATOR_ENDPOINT", agent.orchestratorEndpoint),
            ("STORE_ENDPOINT", agent.storeEndpoint),
        ].map { "\($0)=\(Self.quoted($1))" }.joined(separator: "\n")
    }

    private func redeem(_ redemption: EnrolmentRedemption) async throws -> EnrolledAgent {
        let response = try await send(try encodeJSON(redemption))
        // Whatever stands between may answer too, and not with a problem document.
        let problem = try? decodeJSON(Problem.self, from: response.body)
        let detail = problem?.detail ?? "it answered with status \(response.status)"
        switch response.status {
        case 200:
            guard let agent = try? EnrolledAgent(payload: response.body[...]) else {
                throw EnrolError(.unavailable, "\(options.gateway) is no gateway of Sonde")
            }
            return agent
        case 400 where problem?.field == "token":
            throw EnrolError(.refused, "\(detail); make another one with sonde agent enrol")
        case 404, 405: throw EnrolError(.unavailable, "\(options.gateway) is no gateway that enrols agents")
        default: throw EnrolError(.unavailable, "the gateway does not enrol this host: \(detail)")
        }
    }

    private struct Problem: Codable {
        var detail: String?
        var field: String?
    }

    private func send(_ body: [UInt8]) async throws -> EgressResponse {
        let loop = try EventLoop(name: "enrol")
        try loop.start()
        let options = options
        return try await withTaskExecutorPreference(loop) {
            let egress = HTTPEgress(
                AddressGate(DNSResolver(on: loop), policy: .standard),
                trust: TrustedAuthorities(file: options.authorities)
            )
            var request = EgressRequest("POST", options.url.text, timeout: Self.timeout)
            request.headers = [
                EgressHeader("Content-Type", "application/json"), EgressHeader("Accept", "application/json"),
                EgressHeader("User-Agent", "sonde-probe-agent/\(Release.version)"),
            ]
            request.body = body
            do {
                return try await egress.perform(request)
            } catch let error as EgressError where error.code == .certificate {
                let advice = "its authority belongs to the system's, or into --authorities FILE"
                throw EnrolError(.unavailable, "\(options.gateway) is not trusted: \(error); \(advice)")
            } catch {
                throw EnrolError(.unavailable, "\(options.gateway) cannot be reached: \(error)")
            }
        }
    }

    private func writing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as EnrolError {
            throw error
        } catch {
            throw EnrolError(.cannotCreate, "the identity cannot be written: \(error)")
        }
    }

    private static func quoted(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "-._:/,[]@").union(.alphanumerics)
        guard !text.unicodeScalars.allSatisfy(plain.contains) else { return text }
        let escaped = text.map { "\"\\$`".contains($0) ? "\\\($0)" : String($0) }.joined()
        return "\"\(escaped)\""
    }

    private static func say(_ text: String, to handle: FileHandle) {
        handle.write(Data((text + "\n").utf8))
    }
}
