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
    RPCMethod.currentPerson.descriptor, RPCMethod.signUp.descriptor, RPCMethod.listSignInProviders.descriptor,
    RPCMethod.beginProviderSignIn.descriptor, RPCMethod.finishProviderSignIn.descriptor,
    RPCMethod.listMemberships.descriptor,
    RPCMethod.switchTenant.descriptor, RPCMethod.changePassword.descriptor, RPCMethod.finishReset.descriptor,
    RPCMethod.listLogins.descriptor, RPCMethod.endLogin.descriptor,
    RPCMethod.getTenant.descriptor, RPCMethod.updateTenant.descriptor, RPCMethod.listTenants.descriptor,
    RPCMethod.createTenant.descriptor, RPCMethod.suspendTenant.descriptor, RPCMethod.resumeTenant.descriptor,
    RPCMethod.deleteTenant.descriptor,
    RPCMethod.listMembers.descriptor, RPCMethod.updateMember.descriptor, RPCMethod.removeMember.descriptor,
    RPCMethod.resetPassword.descriptor,
    RPCMethod.createInvitation.descriptor, RPCMethod.listInvitations.descriptor,
    RPCMethod.deleteInvitation.descriptor, RPCMethod.getInvitation.descriptor, RPCMethod.acceptInvitation.descriptor,
    RPCMethod.createAPIToken.descriptor, RPCMethod.listAPITokens.descriptor, RPCMethod.deleteAPIToken.descriptor,
    RPCMethod.listTargets.descriptor, RPCMethod.getTarget.descriptor, RPCMethod.createTarget.descriptor,
    RPCMethod.updateTarget.descriptor, RPCMethod.deleteTarget.descriptor,
    RPCMethod.listChecks.descriptor, RPCMethod.createCheck.descriptor, RPCMethod.updateCheck.descriptor,
    RPCMethod.deleteCheck.descriptor,
    RPCMethod.runCheck.descriptor, RPCMethod.restartCheck.descriptor, RPCMethod.listRuns.descriptor,
    RPCMethod.listMaintenance.descriptor, RPCMethod.getMaintenance.descriptor,
    RPCMethod.createMaintenance.descriptor, RPCMethod.updateMaintenance.descriptor,
    RPCMethod.deleteMaintenance.descriptor,
    RPCMethod.listAgents.descriptor, RPCMethod.getAgent.descriptor, RPCMethod.updateAgent.descriptor,
    RPCMethod.commandAgent.descriptor, RPCMethod.deleteAgent.descriptor,
    RPCMethod.listEnrolments.descriptor, RPCMethod.createEnrolment.descriptor,
    RPCMethod.deleteEnrolment.descriptor, RPCMethod.redeemEnrolment.descriptor,
    RPCMethod.listMeasurements.descriptor, RPCMethod.latestMeasurements.descriptor,
    RPCMethod.summarizeMeasurements.descriptor, RPCMethod.measurementTimeline.descriptor,
    RPCMethod.measurementHeatmap.descriptor, RPCMethod.measurementMatrix.descriptor,
    RPCMethod.measurementMetric.descriptor, RPCMethod.measurementHops.descriptor, RPCMethod.listRouteChanges.descriptor,
    RPCStreamMethod.followMeasurements.descriptor,
    RPCMethod.importMeasurements.descriptor, RPCStreamMethod.exportMeasurements.descriptor,
    RPCMethod.listSessions.descriptor, RPCMethod.getSession.descriptor, RPCMethod.createSession.descriptor,
    RPCMethod.updateSession.descriptor, RPCMethod.deleteSession.descriptor,
    RPCMethod.listGaps.descriptor,
    RPCMethod.getRetention.descriptor, RPCMethod.updateRetention.descriptor,
    RPCMethod.getTenantRetention.descriptor, RPCMethod.limitTenantRetention.descriptor,
    RPCMethod.listRules.descriptor, RPCMethod.createRule.descriptor, RPCMethod.updateRule.descriptor,
    RPCMethod.deleteRule.descriptor,
    RPCMethod.listReceivers.descriptor, RPCMethod.createReceiver.descriptor, RPCMethod.deleteReceiver.descriptor,
    RPCMethod.listSilences.descriptor, RPCMethod.getSilence.descriptor, RPCMethod.createSilence.descriptor,
    RPCMethod.updateSilence.descriptor, RPCMethod.deleteSilence.descriptor,
    RPCMethod.listIncidents.descriptor, RPCMethod.getIncident.descriptor,
    RPCMethod.listAudit.descriptor, RPCStreamMethod.exportAudit.descriptor,
]
