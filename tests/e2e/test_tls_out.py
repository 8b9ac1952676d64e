#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""weir -> destinations with TLS: one-sided and mutual, with passwords and tokens, through proxies, and one whose certificate is wrong at
first; by gRPC, OTLP/HTTP and remote write. Everything arrives once, and no secret shows in weir's log or on its own pages."""
import os
import time

os.environ["GRPC_VERBOSITY"] = "NONE"  # before gRPC is loaded; it writes about every handshake that fails
import common
from certificates import Authority
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tls_sinks import GrpcSink, HttpsSink, Proxy, basic

SECRETS = {"PASSWORD": "pa55-w0rd", "WRONG_PASSWORD": "wr0ng-w0rd", "TOKEN": "t0ken-of-ours", "API_KEY": "k3y-of-ours", "PROXY_PASSWORD": "pr0xy-w0rd"}
CONFIG = """
extensions:
  basicauth/out: {{client_auth: {{username: ann, password: "${{env:PASSWORD}}"}}}}
  basicauth/wrong: {{client_auth: {{username: ann, password: "${{env:WRONG_PASSWORD}}"}}}}
  bearertokenauth: {{token: "${{env:TOKEN}}"}}
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{receiver}"}}}}}}}}
connectors: {{span_metrics: {{metrics_flush_interval: 200ms}}}}
exporters:
{exporters}
  prometheus_remote_write: {{endpoint: "https://localhost:{write}/api/v1/write", tls: {{ca_file: "{ca}"}}, auth: {{authenticator: basicauth/out}}}}
service:
  extensions: [basicauth/out, basicauth/wrong, bearertokenauth]
  {telemetry}
  pipelines:
    traces: {{receivers: [otlp], exporters: [span_metrics, {names}]}}
    metrics: {{receivers: [span_metrics], exporters: [prometheus_remote_write]}}
"""
# What an exporter's settings are beside its endpoint and RETRY.
WAYS = {
    "plain": 'tls: {{ca_file: "{ca}"}}, headers: {{x-api-key: "${{env:API_KEY}}"}}',
    "mutual": 'tls: {{ca_pem: "{pem}", cert_file: "{cert}", key_file: "{key}"}}',
    "unverified": "tls: {{insecure_skip_verify: true}}",
    "basic": 'tls: {{ca_file: "{ca}"}}, auth: {{authenticator: basicauth/out}}',
    "bearer": 'tls: {{ca_file: "{ca}"}}, auth: {{authenticator: bearertokenauth}}',
    "wrong": 'tls: {{ca_file: "{ca}"}}, auth: {{authenticator: basicauth/wrong}}',
    "late": 'tls: {{ca_file: "{ca}"}}',
    "proxied": 'tls: {{ca_file: "{ca}", server_name_override: localhost}}',
}
RETRY = "retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}"
KINDS = {"otlp_grpc": GrpcSink, "otlp_http": HttpsSink}
ARRIVES = [way for way in WAYS if way != "wrong"]


def requests(count, spans):
    """[(bytes, span ids)]"""
    made = []
    for i in range(count):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = "shop"
        scope = resource.scope_spans.add()
        for j in range(spans):
            span_id = (i * spans + j + 1).to_bytes(8, "big")
            scope.spans.add(trace_id=b"\1" * 8 + span_id, span_id=span_id, name="work", kind=2, start_time_unix_nano=10**18, end_time_unix_nano=10**18 + 5)
        made.append((request.SerializeToString(), [s.span_id for s in scope.spans]))
    return made


class World:
    def __init__(self, tmp):
        self.ours, self.others = Authority(tmp, "ours"), Authority(tmp, "others")
        self.good, self.bad, self.client = self.ours.issue("sink"), self.others.issue("sink"), self.ours.issue("weir")
        ports = iter(common.free_ports(2 * len(WAYS) + 5))
        self.receiver, self.own, env_proxy, written_proxy, write = (next(ports) for _ in range(5))
        self.log = os.path.join(tmp, "weir.log")
        self.sinks = {(kind, way): self.sink(sink, way, next(ports)) for kind, sink in KINDS.items() for way in WAYS}
        self.write = HttpsSink(write, self.good, wanted=basic("ann", SECRETS["PASSWORD"])).start()
        self.env_proxy = Proxy(env_proxy, basic("env", SECRETS["PROXY_PASSWORD"])).start()
        self.written_proxy = Proxy(written_proxy, basic("written", SECRETS["PROXY_PASSWORD"])).start()

    def sink(self, make, way, port):
        wanted = {"basic": basic("ann", SECRETS["PASSWORD"]), "wrong": basic("ann", SECRETS["PASSWORD"]), "bearer": "Bearer " + SECRETS["TOKEN"]}
        pair = self.bad if way in ("late", "unverified") else self.good
        return make(port, pair, self.ours.ca if way == "mutual" else None, wanted.get(way)).start()

    def exporter(self, kind, way):
        host = "sink.test" if way == "proxied" else "localhost"
        with open(self.ours.ca) as f:
            pem = f.read().replace("\n", "\\n")
        settings = WAYS[way].format(ca=self.ours.ca, pem=pem, cert=self.client[0], key=self.client[1])
        return f'  {kind}/{way}: {{endpoint: "https://{host}:{self.sinks[kind, way].port}", {settings}, {RETRY}}}'

    def written(self):
        """One more that is told its proxy in the config, which holds for loopback addresses too; it shares the sink that is wrong first."""
        url = f"http://written:${{env:PROXY_PASSWORD}}@127.0.0.1:{self.written_proxy.server_address[1]}"
        sink = self.sinks["otlp_http", "late"]
        return (f'  otlp_http/written: {{endpoint: "https://localhost:{sink.port}", proxy_url: "{url}", {RETRY}, '
                f'tls: {{ca_file: "{self.ours.ca}"}}}}')

    def config(self):
        lines = [self.exporter(*which) for which in self.sinks] + [self.written()]
        names = ", ".join([f"{kind}/{way}" for kind, way in self.sinks] + ["otlp_http/written"])
        return CONFIG.format(receiver=self.receiver, exporters="\n".join(lines), names=names, write=self.write.port, ca=self.ours.ca,
                             telemetry=common.own_telemetry(self.own))

    def environment(self):
        proxy = f"http://env:{SECRETS['PROXY_PASSWORD']}@127.0.0.1:{self.env_proxy.server_address[1]}"
        return {**SECRETS, "HTTPS_PROXY": proxy, "https_proxy": "http://127.0.0.1:1", "NO_PROXY": "", "no_proxy": ""}

    def log_text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def page(self):
        return common.http(f"http://127.0.0.1:{self.own}/metrics").decode()


def check_arrivals(world, sent, ways, copies=1):
    for kind in KINDS:
        for way in ways:
            times = copies + (kind == "otlp_http" and way == "late")  # the written proxy leads to the same sink
            common.wait_until(f"all spans are at {kind}/{way}", lambda sink=world.sinks[kind, way]: len(sink.spans) >= times * len(sent))
            assert sorted(world.sinks[kind, way].spans) == sorted(times * sent), (kind, way)


def check_wrong_certificate(world, sent):
    """Nothing came to a server that cannot prove its name, nothing was lost, and it comes when the server can."""
    for kind in ("otlp_grpc/late", "otlp_http/late", "otlp_http/written"):
        common.wait_until(f"{kind} tries again", lambda k=kind: any(
            k in line and "Will retry" in line and "certificate" in line.lower() for line in world.log_text().splitlines()))
        assert common.accounts(world.own)["traces", kind]["held"] == len(sent), kind
    for kind in KINDS:
        sink = world.sinks[kind, "late"]
        assert not sink.spans
        sink.stop()
        sink.pair = world.good
        sink.start()
    check_arrivals(world, sent, ["late"])


def check_headers(world):
    for kind in KINDS:
        assert all(h["x-api-key"] == SECRETS["API_KEY"] for h in world.sinks[kind, "plain"].headers), kind
        assert world.sinks[kind, "wrong"].refused and not world.sinks[kind, "wrong"].spans
        assert not world.sinks[kind, "basic"].refused and not world.sinks[kind, "bearer"].refused
    common.wait_until("metrics are written", lambda: world.write.writes > 0)
    assert not world.write.refused


def check_proxies(world):
    ports = sorted(world.sinks[kind, "proxied"].port for kind in KINDS)
    assert sorted(set(world.env_proxy.asked)) == [f"sink.test:{p}" for p in ports], world.env_proxy.asked
    assert set(world.written_proxy.asked) == {f"localhost:{world.sinks['otlp_http', 'late'].port}"}, world.written_proxy.asked
    assert not world.env_proxy.refused and not world.written_proxy.refused


def check_accounts(world, sent):
    def settled():
        books = common.accounts(world.own)
        return books if all(book["held"] == 0 for book in books.values()) else None
    books = common.wait_until("all is settled", settled)
    for (_, exporter), book in books.items():
        outcome = "dropped:refused" if exporter.endswith("/wrong") else "exported"
        assert book[outcome] == len(sent), (exporter, book)


def check_secrets(log, page):
    hidden = list(SECRETS.values()) + [basic("ann", SECRETS[s]) for s in ("PASSWORD", "WRONG_PASSWORD")]
    hidden += [basic(who, SECRETS["PROXY_PASSWORD"]) for who in ("env", "written")]
    for secret in hidden:
        secret = secret.removeprefix("Basic ")
        assert secret not in log and secret not in page, secret
    assert "PRIVATE KEY" not in log


def main():
    begun = time.monotonic()
    with common.temporary() as tmp:
        world = World(tmp)
        with common.weir(world.config(), tmp, world.own, env=world.environment()):
            made = requests(10, 20)
            sent = [span for _, ids in made for span in ids]
            for body, _ in made:
                common.http(f"http://127.0.0.1:{world.receiver}/v1/traces", body, {"Content-Type": "application/x-protobuf"})
            check_arrivals(world, sent, [way for way in ARRIVES if way != "late"])
            check_wrong_certificate(world, sent)
            check_headers(world)
            check_proxies(world)
            check_accounts(world, sent)
            page = world.page()
        check_secrets(world.log_text(), page)
    print(f"tls out: {len(sent)} spans at {2 * len(ARRIVES) + 1} destinations, once each; {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    main()
