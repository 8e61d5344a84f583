public import JSONRPC

/// The six services, by the name that ends their SPIFFE identity.
extension RPCPeer {
    public static let orchestrator = Self(rawValue: "orchestrator")
    public static let probeAgent = Self(rawValue: "probe-agent")
    public static let store = Self(rawValue: "store")
    public static let alerting = Self(rawValue: "alerting")
    public static let gateway = Self(rawValue: "gateway")
    public static let push = Self(rawValue: "push")

    public static let services: [Self] = [.orchestrator, .store, .alerting, .push, .gateway, .probeAgent]
}

/// Every method of the mesh that people may call through the gateway; the order is that of the documents.
public let publicMethods: [RPCDescriptor] = [
    RPCMethod.login.descriptor, RPCMethod.refreshTokens.descriptor, RPCMethod.logout.descriptor,
    RPCMethod.currentPerson.descriptor,
    RPCMethod.listTargets.descriptor, RPCMethod.getTarget.descriptor, RPCMethod.createTarget.descriptor,
    RPCMethod.updateTarget.descriptor, RPCMethod.deleteTarget.descriptor,
    RPCMethod.listChecks.descriptor, RPCMethod.createCheck.descriptor, RPCMethod.updateCheck.descriptor,
    RPCMethod.deleteCheck.descriptor,
    RPCMethod.listAgents.descriptor,
    RPCMethod.listMeasurements.descriptor, RPCMethod.latestMeasurements.descriptor,
    RPCMethod.summarizeMeasurements.descriptor, RPCMethod.measurementTimeline.descriptor,
    RPCMethod.measurementHeatmap.descriptor, RPCMethod.measurementMatrix.descriptor,
    RPCMethod.measurementHops.descriptor, RPCMethod.listRouteChanges.descriptor,
    RPCStreamMethod.followMeasurements.descriptor,
    RPCMethod.importMeasurements.descriptor, RPCStreamMethod.exportMeasurements.descriptor,
    RPCMethod.listSessions.descriptor, RPCMethod.getSession.descriptor, RPCMethod.createSession.descriptor,
    RPCMethod.updateSession.descriptor, RPCMethod.deleteSession.descriptor,
    RPCMethod.listGaps.descriptor,
    RPCMethod.listRules.descriptor, RPCMethod.createRule.descriptor, RPCMethod.updateRule.descriptor,
    RPCMethod.deleteRule.descriptor,
    RPCMethod.listReceivers.descriptor, RPCMethod.createReceiver.descriptor, RPCMethod.deleteReceiver.descriptor,
    RPCMethod.listIncidents.descriptor, RPCMethod.getIncident.descriptor,
]
