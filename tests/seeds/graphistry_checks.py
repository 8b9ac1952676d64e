# SPDX-License-Identifier: Apache-2.0
"""What must be true of each of Graphistry's configurations."""
import base64
import json

import lib
from graphistry_place import FILTERED, PASSWORD, USER, WEIR


def check_pages(place, page_8889=True):
    """Every page that the configuration turns on, asked from another container."""
    pages = {":13133/": "Server available", ":1888/debug/pprof/": "perf", ":55679/debug/servicez": "weir", ":55679/debug/pipelinez": "traces",
             ":8888/metrics": "otelcol_process_uptime"}
    if page_8889:
        pages[":8889/metrics"] = ""
    for where, words in pages.items():
        reply = place.outside("curl", "-sS", "-w", " %{http_code}", f"http://{WEIR}{where}")
        assert reply.endswith(" 200") and words in reply, f"{where}: {reply[:400]}"


def kept(made):
    return [s for s in made if s["name"] not in FILTERED]


def check_jaeger(query, made):
    """Jaeger has every span but the filtered ones, with the two attributes that the configuration adds."""
    wanted = {s["id"]: s for s in kept(made)}
    assert len(wanted) < len(made)

    def all_there():
        found = {}
        for trace_id in {s["trace"] for s in made}:
            for trace in lib.common.get_json(f"http://{query}/api/traces/{trace_id}")["data"]:
                found.update({s["spanID"]: s for s in trace["spans"]})
        return found if set(wanted) <= set(found) else None

    found = lib.common.wait_until("the kept spans are in Jaeger", all_there, 30)
    strangers = {s["operationName"] for i, s in found.items() if i not in wanted}
    assert not strangers, f"spans that the filter drops are in Jaeger: {strangers}"
    for span_id, span in found.items():
        tags = {t["key"]: t["value"] for t in span["tags"]}
        assert (tags["system"], tags["cluster"]) == ("graphistry", "dev-1"), tags
        parents = [r["spanID"] for r in span["references"]]
        assert span["operationName"] == wanted[span_id]["name"] and parents == ([wanted[span_id]["parent"]] if wanted[span_id]["parent"] else [])


SERIES = {
    'graphistry_worker_read_crashes_total{worker="a"}': 2,
    'graphistry_worker_read_crashes_total{worker="b"}': 3,
    "graphistry_viz_sessions": 7,
    "graphistry_viz_render_duration_milliseconds_count": 3,
    "graphistry_viz_render_duration_milliseconds_sum": 555,
    'graphistry_viz_render_duration_milliseconds_bucket{le="100"}': 2,
    'graphistry_forge_etl_python_upload_datasets_request_total{type="arrow"}': 4,
    "graphistry_etl_memory_bytes": 1536,
}
OWNERS = {"worker": ("streamgl-viz", "viz-1"), "viz": ("streamgl-viz", "viz-1"), "forge": ("forge-etl-python", "etl-1"), "etl": ("forge-etl-python", "etl-1")}


def check_prometheus(address):
    """The names that Graphistry documents, through a real scrape, with the added attributes; and weir's own page beside them."""
    for query, value in SERIES.items():
        (labels, got), = lib.common.wait_until(query, lambda q=query: lib.series(address, q), 30)
        job, instance = OWNERS[query.split("_")[1]]
        said = {k: labels.get(k) for k in ("system", "cluster", "job", "instance")}
        assert got == value and said == {"system": "graphistry", "cluster": "dev-1", "job": job, "instance": instance}, (query, got, labels)
    own = lib.common.wait_until("own metrics", lambda: lib.series(address, 'otelcol_receiver_accepted_metric_points{receiver="otlp"}'), 10)
    assert own[0][1] > 0, own


def check_gateway(path, made, filtered):
    """All spans and metrics came, over TLS, with the credentials; what the local filter drops only where there is that filter."""
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
    wanted = {s["id"] for s in (kept(made) if filtered else made)}
    metrics = {"worker.read.crashes", "viz.sessions", "viz.render.duration", "forge_etl_python_upload_datasets_request", "etl.memory"}

    def read():
        spans, names = {}, set()
        for line in lib.read(path).splitlines():
            entry = json.loads(line)
            assert entry["known"], f"a request without the right credentials at {entry['path']}"
            body = bytes.fromhex(entry["body"])
            if entry["path"] == "/otlp/v1/traces":
                groups = ExportTraceServiceRequest.FromString(body).resource_spans
                spans.update({s.span_id.hex(): s for g in groups for scope in g.scope_spans for s in scope.spans})
            else:
                assert entry["path"] == "/otlp/v1/metrics", entry["path"]
                groups = ExportMetricsServiceRequest.FromString(body).resource_metrics
                names |= {m.name for g in groups for scope in g.scope_metrics for m in scope.metrics}
        return (spans, names) if wanted <= set(spans) and metrics <= names else None

    spans, names = lib.common.wait_until("everything at the gateway", read, 30)
    assert set(spans) == wanted and names == metrics, (set(spans) ^ wanted, names ^ metrics)
    assert all({a.key: a.value.string_value for a in s.attributes}["system"] == "graphistry" for s in spans.values())


def check_secrets(log):
    text = lib.read(log)
    encoded = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert PASSWORD not in text and encoded not in text, "the log tells the password"
