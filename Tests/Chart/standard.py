"""The restricted Pod Security Standard, rule by rule, as the Kubernetes documentation lists them."""

from rendering import containers

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
}
PROFILES = {"RuntimeDefault", "Localhost"}


def breaches(pod: dict) -> list[str]:
    """What of the standard a pod breaks; nothing when it may run in a restricted namespace."""
    spec = pod["spec"]
    security = spec.get("securityContext", {})
    found = [f"{key} is set" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key)]
    found += [f"sysctl {one['name']}" for one in security.get("sysctls", []) if one["name"] not in SYSCTLS]
    for volume in spec.get("volumes", []):
        found += [f"volume {volume['name']} is a {kind}" for kind in volume if kind not in VOLUMES | {"name"}]
    if security.get("runAsUser") == 0:
        found.append("runs as user 0")
    for container in containers(pod):
        found += [f"container {container['name']}: {breach}" for breach in container_breaches(container, security)]
    for annotation in pod["metadata"].get("annotations", {}):
        if "apparmor" in annotation:
            found.append(f"annotation {annotation}")
    return found


def container_breaches(container: dict, pod_security: dict) -> list[str]:
    security = container.get("securityContext", {})
    found = []
    if security.get("privileged"):
        found.append("is privileged")
    if security.get("allowPrivilegeEscalation") is not False:
        found.append("may gain privileges")
    if security.get("runAsNonRoot", pod_security.get("runAsNonRoot")) is not True:
        found.append("may run as root")
    if security.get("runAsUser") == 0:
        found.append("runs as user 0")
    profile = security.get("seccompProfile", pod_security.get("seccompProfile", {})).get("type")
    if profile not in PROFILES:
        found.append(f"has the seccomp profile {profile}")
    capabilities = security.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        found.append("keeps capabilities")
    found += [f"adds {name}" for name in capabilities.get("add", []) if name != "NET_BIND_SERVICE"]
    if security.get("procMount", "Default") != "Default":
        found.append("has another proc")
    found += [f"has the host's port {port['hostPort']}" for port in container.get("ports", []) if port.get("hostPort")]
    return found
