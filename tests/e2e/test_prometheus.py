#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python SDK (gRPC, HTTP protobuf, gzip) -> weir -> a real Prometheus by remote write; then the PromQL that Grafana's service map
sends returns the edges with the right counts, after two flushes."""
import time

import common
import sdk_spans

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
connectors:
  service_graph: {{metrics_flush_interval: 1s, store: {{ttl: 5s}}}}
  span_metrics: {{metrics_flush_interval: 1s}}
exporters:
  prometheus_remote_write: {{endpoint: "http://127.0.0.1:{prometheus}/api/v1/write"}}
service:
  {telemetry}
  pipelines:
    traces: {{receivers: [otlp], exporters: [service_graph, span_metrics]}}
    metrics: {{receivers: [service_graph, span_metrics], exporters: [prometheus_remote_write]}}
"""
WAYS = [("grpc", "none", "grpc-plain"), ("grpc", "gzip", "grpc-gzip"), ("http", "none", "http-plain"), ("http", "gzip", "http-gzip")]
COUNT = 40


def edges(prometheus, query):
    return {(m["client"], m["server"]): v for m, v in common.promql(prometheus, query)}


def check_counts(prometheus):
    """The raw counters, and what Grafana asks: rates over the range, and which edges there are."""
    wanted = {(f"client-{name}", f"server-{name}") for _, _, name in WAYS}
    select = '{client!="user"}'
    common.wait_until("all edges are there", lambda: set(edges(prometheus, f"sum by (client, server) (traces_service_graph_request_total{select})")) >= wanted)
    common.wait_until("all calls are counted", lambda: all(
        v == COUNT for v in edges(prometheus, f"sum by (client, server) (traces_service_graph_request_total{select})").values()))
    failed = edges(prometheus, f"sum by (client, server) (traces_service_graph_request_failed_total{select})")
    assert all(failed[e] == COUNT / 4 for e in wanted), failed


def check_grafana(prometheus):
    select = '{client!="user"}'
    total = common.wait_until("rates of all edges", lambda: (lambda r: r if len(r) == len(WAYS) and all(v > 0 for v in r.values()) else None)(
        edges(prometheus, f"sum by (client, server) (rate(traces_service_graph_request_total{select}[1m]))")))
    # Zero-initialised: the first increment is inside the range, so that the increase is the count (give or take extrapolation).
    increase = edges(prometheus, f"sum by (client, server) (increase(traces_service_graph_request_total{select}[5m]))")
    for edge, value in increase.items():
        assert COUNT * .95 <= value <= COUNT * 3, (edge, value)
    seconds = edges(prometheus, f"sum by (client, server) (rate(traces_service_graph_request_server_seconds_sum{select}[1m]))")
    failed = edges(prometheus, f"sum by (client, server) (rate(traces_service_graph_request_failed_total{select}[1m]))")
    assert set(seconds) == set(total) == set(failed), (seconds, failed)
    for edge in total:
        assert .2 < failed[edge] / total[edge] < .3, (edge, failed[edge], total[edge])
    grouped = common.promql(prometheus, f"group by (client, connection_type, server) (traces_service_graph_request_total{select})")
    assert {(m["client"], m["server"]) for m, _ in grouped} == set(total), grouped
    quantile = common.promql(prometheus, "histogram_quantile(.9, sum(rate(traces_service_graph_request_server_seconds_bucket"
                                         + select + "[1m])) by (le, client, server))")
    assert len(quantile) == len(WAYS) and all(0 < v < 5 for _, v in quantile), quantile


def main():
    with common.temporary() as tmp:
        grpc, http, own, prometheus = common.free_ports(4)
        with common.prometheus(tmp, prometheus):
            config = CONFIG.format(grpc=grpc, http=http, prometheus=prometheus, telemetry=common.own_telemetry(own))
            with common.weir(config, tmp, own):
                for transport, compression, name in WAYS:
                    sdk_spans.send(transport, grpc if transport == "grpc" else http, compression, COUNT, f"client-{name}", f"server-{name}", 4)
                check_counts(prometheus)
                check_grafana(prometheus)
                calls = common.promql(prometheus, 'sum(traces_span_metrics_calls_total{span_kind="SPAN_KIND_SERVER"})')
                assert calls and calls[0][1] == COUNT * len(WAYS), calls
                received = sum(v for n, _, v in common.samples(f"http://127.0.0.1:{own}/metrics") if n.startswith("weir_spans_received"))
                assert received == 2 * COUNT * len(WAYS), received
    print(f"prometheus: {len(WAYS)} edges with {COUNT} calls each, {COUNT // 4} failed; the service map's queries return them")


if __name__ == "__main__":
    start = time.monotonic()
    main()
    print(f"({time.monotonic() - start:.0f} s)")
