# SPDX-License-Identifier: Apache-2.0
"""Where the Graphistry test happens: weir's namespace (otel-collector) and one for everybody else."""
import contextlib
import json
import os
import shutil
import subprocess
import sys

import lib

WEIR, JAEGER, GATEWAY = "10.91.0.1", "10.91.0.2", "10.91.0.3"
NAMES = {"otel-collector": WEIR, "jaeger": JAEGER, "otlp-gateway": GATEWAY}
USER, PASSWORD = "user-1", 'p$ss:w"rd'
CREDENTIALS = {"OTEL_COLLECTOR_OTLP_HTTP_ENDPOINT": "https://otlp-gateway:8443/otlp", "OTEL_COLLECTOR_OTLP_USERNAME": USER,
               "OTEL_COLLECTOR_OTLP_PASSWORD": PASSWORD}
NODE = os.path.join(lib.ROOT, "build/seeds-node")
# What the producers call, with the status of each: the filter of the local configuration drops some.
ROUTES = [("/health", 200), ("/healthz/deep", 500), ("/read/7", 200), ("/read/8", 500), ("/list?skipContextTest=1", 200), ("/list?all", 200),
          ("/check-workers", 200), ("/graph/graph.html", 200), ("/etl", 503)]
FILTERED = {"GET /health", "GET /healthz/deep", "GET /read/7", "GET /list?skipContextTest=1", "GET /check-workers", "readHandler"}
JAEGER_CONFIG = """
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: {traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}}
  telemetry: {metrics: {level: none}}
extensions:
  jaeger_query: {storage: {traces: memory}, http: {endpoint: "ADDRESS:16686"}, grpc: {endpoint: "ADDRESS:16685"}}
  jaeger_storage: {backends: {memory: {memory: {max_traces: 10000}}}}
receivers: {otlp: {protocols: {grpc: {endpoint: "ADDRESS:4317"}}}}
exporters: {jaeger_storage_exporter: {trace_storage: memory}}
""".replace("ADDRESS", JAEGER)
SCRAPES = f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - {{job_name: otel-collector, honor_labels: true, static_configs: [{{targets: ["{WEIR}:8889"]}}]}}
  - {{job_name: otel-collector-self, static_configs: [{{targets: ["{WEIR}:8888"]}}]}}
"""


def prepare():
    """What needs the network: the Node packages and Jaeger. Before the namespaces."""
    if os.environ.get("WEIR_SEEDS_NAMESPACED"):
        return
    if not shutil.which("npm"):
        print("SKIPPED: no Node.js here for Graphistry's Node services")
        sys.exit(77)
    from test_jaeger import jaeger_binary
    os.environ["JAEGER_BIN"] = jaeger_binary()
    here = os.path.join(lib.HERE, "graphistry_node")
    lock = os.path.join(here, "package-lock.json")
    done = os.path.join(NODE, "done.json")
    if not os.path.exists(done) or lib.read(done) != lib.read(lock):
        shutil.copytree(here, NODE, dirs_exist_ok=True)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=NODE, check=True)
        shutil.copy(lock, done)
    shutil.copy(os.path.join(here, "producer.js"), NODE)


class Place:
    def __init__(self, tmp):
        self.tmp = tmp
        self.authority = self.key = self.certificate = ""

    def __enter__(self):
        lib.hosts(self.tmp, NAMES)
        self.neighbour = lib.Neighbour(WEIR, [JAEGER, GATEWAY])
        self.make_certificates()
        return self

    def __exit__(self, *_):
        self.neighbour.close()

    def make_certificates(self):
        """An authority and the gateway's certificate by it."""
        path = {name: os.path.join(self.tmp, name) for name in ("ca.pem", "ca.key", "gateway.pem", "gateway.key", "gateway.csr", "names")}
        with open(path["names"], "w") as f:
            f.write("subjectAltName=DNS:otlp-gateway\n")
        lib.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
                "-keyout", path["ca.key"], "-out", path["ca.pem"])
        lib.run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=otlp-gateway", "-keyout", path["gateway.key"],
                "-out", path["gateway.csr"])
        lib.run("openssl", "x509", "-req", "-in", path["gateway.csr"], "-CA", path["ca.pem"], "-CAkey", path["ca.key"], "-CAcreateserial",
                "-days", "2", "-extfile", path["names"], "-out", path["gateway.pem"])
        self.authority, self.key, self.certificate = path["ca.pem"], path["gateway.key"], path["gateway.pem"]

    def outside(self, *argv):
        return lib.run(*self.neighbour.inside(*argv))

    def produce(self):
        """Runs both services until they have sent everything. -> their spans."""
        env = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel-collector:4317", "OTEL_EXPORTER_OTLP_TIMEOUT": "60",
               "OTEL_EXPORTER_OTLP_INSECURE": "true"}
        node_env = {**env, "OTEL_EXPORTER_OTLP_TIMEOUT": "60000"}  # milliseconds in Node, seconds in Python
        made = []
        for argv, with_env in ((["node", os.path.join(NODE, "producer.js")], node_env),
                               ([sys.executable, os.path.join(lib.HERE, "graphistry_python.py")], env)):
            done = subprocess.run(self.neighbour.inside(*argv, json.dumps(ROUTES)), env=with_env, capture_output=True, text=True, timeout=60,
                                  check=False)
            assert done.returncode == 0, done.stderr
            made += json.loads(done.stdout)["spans"]
        return made

    @contextlib.contextmanager
    def jaeger(self):
        path = os.path.join(self.tmp, "jaeger.yaml")
        with open(path, "w") as f:
            f.write(JAEGER_CONFIG)
        argv = self.neighbour.inside(os.environ["JAEGER_BIN"], "--config", path)
        env = {**os.environ, "OTEL_TRACES_SAMPLER": "always_off"}  # of Jaeger's own doings
        with lib.common.process(*argv, log=os.path.join(self.tmp, "jaeger.log"), expect=None, env=env):
            lib.common.wait_until("Jaeger is ready", lambda: lib.common.http(f"http://{JAEGER}:16686/"), 60)
            yield f"{JAEGER}:16686"

    @contextlib.contextmanager
    def prometheus(self):
        address = f"{JAEGER}:9090"
        with lib.prometheus(self.tmp, address, before=self.neighbour.inside(), config=SCRAPES):
            yield address

    @contextlib.contextmanager
    def gateway(self):
        """Yields the path of what it was sent."""
        path, log = os.path.join(self.tmp, "gateway.jsonl"), os.path.join(self.tmp, "gateway.log")
        argv = self.neighbour.inside(sys.executable, os.path.join(lib.HERE, "graphistry_gateway.py"), GATEWAY, "8443", self.certificate,
                                     self.key, USER, PASSWORD, path)
        with lib.common.process(*argv, log=log, expect=None):
            lib.common.wait_until("the gateway is ready", lambda: "ready" in lib.read(log))
            yield path
