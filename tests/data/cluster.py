"""A Ray cluster on loopback. Each argument is a machine of it: the PYTHONPATH of its workers. It prints its address, and ends
when its input ends."""

import os
import socket
import sys

os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # loopback alone
os.environ["RAY_AUTH_MODE"] = "disabled"

from ray.cluster_utils import Cluster

PORTS = ("metrics_agent_port", "metrics_export_port", "dashboard_agent_listen_port", "runtime_env_agent_port")


def free_ports() -> dict[str, int]:
    """A machine chooses these ports itself within 15 s, or it fails: too few on a busy computer (Ray's issue 65983)."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return dict(zip(PORTS, ports, strict=True))


cluster = Cluster()
for path in sys.argv[1:]:
    cluster.add_node(num_cpus=1, include_dashboard=False, env_vars={"PYTHONPATH": path}, **free_ports())
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
