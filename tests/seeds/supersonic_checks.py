# SPDX-License-Identifier: Apache-2.0
"""What must hold of the spans at Tempo and of the series at Prometheus, after the SuperSONIC chain."""
import collections

import lib
import triton
from supersonic_place import ENVOY_POD, TRITON_POD

SERVER, CLIENT = 2, 3
KINDS = {SERVER: "SPAN_KIND_SERVER", CLIENT: "SPAN_KIND_CLIENT"}
BUCKETS = {"0.1", "1", "2", "6", "10", "100", "250", "+Inf"}
DURATION = "traces_span_metrics_duration_milliseconds"


def attribute(span, key):
    return next((a.value.string_value for a in span.attributes if a.key == key), None)


def equal(what, found, wanted):
    """Two dicts; says where they differ."""
    differ = {k: (found.get(k), wanted.get(k)) for k in {*found, *wanted} if found.get(k) != wanted.get(k)}
    assert not differ, f"{what}: (found, wanted) differ in {len(differ)} places: {dict(list(differ.items())[:4])}"


# --- spans

def check_names_and_kinds(spans):
    """The transform's effect: Envoy's span is the client, all of Triton's are servers, and a pod is a service."""
    for resource, scope, span in spans:
        if span.name == "ingress":
            assert (resource["service.name"], span.kind) == (ENVOY_POD, CLIENT), (resource, span)
            assert resource["telemetry.sdk.name"] == "envoy" and scope.name == "envoy", (resource, scope)
        else:
            assert span.name in ("InferRequest", triton.MODEL, "compute"), span
            assert (resource["service.name"], resource["pod_name"], span.kind) == (TRITON_POD, TRITON_POD, SERVER), (resource, span)
            assert resource["telemetry.sdk.name"] == "opentelemetry" and scope.name == "triton-server", (resource, scope)


def check_tree(spans, sent):
    """Each inference is InferRequest > model > compute, and what InferRequest hangs on is what was sent -> counts by kind of parent."""
    by_id = {(span.trace_id, span.span_id): span for _, _, span in spans}
    assert len(by_id) == len(spans), "span ids repeat"
    parents = collections.Counter()
    for _, _, span in spans:
        parent = by_id.get((span.trace_id, span.parent_span_id))
        if span.name == "compute":
            assert parent.name == triton.MODEL, (span, parent)
        elif span.name == triton.MODEL:
            assert parent.name == "InferRequest", (span, parent)
        elif span.name == "InferRequest":
            known = parent is not None and parent.name == "ingress"
            foreign = span.trace_id.hex() in sent.orphans
            assert known or foreign or not span.parent_span_id, span
            parents["envoy" if known else "orphan" if foreign else "root"] += 1
    # Triton does not join every traceparent that comes over gRPC; over HTTP it does. Nothing is lost or made up by that.
    assert parents["orphan"] == len(sent.orphans), parents
    assert sum(parents.values()) == sent.inferences() and parents["root"] >= sent.direct, (parents, sent)
    assert parents["envoy"] >= sent.envoy_http + .6 * sent.envoy_grpc, (parents, sent)
    return parents


# --- series

def key_of(resource, span):
    """A span's labels in the metrics, as (name, value) pairs, without those that all share."""
    labels = {"job": resource["service.name"], "service_name": resource["service.name"], "span_name": span.name,
              "span_kind": KINDS[span.kind], "http_method": attribute(span, "http.method") or "GET"}
    if (code := attribute(span, "http.status_code")) is not None:
        labels["http_status_code"] = code
    return tuple(sorted(labels.items()))


def expected_counts(spans):
    calls, events = collections.Counter(), collections.Counter()
    for resource, _, span in spans:
        calls[key_of(resource, span)] += 1
        if span.events:
            events[key_of(resource, span)] += len(span.events)
    return calls, events


def stripped(found, *also):
    """[(labels, value)] -> {key as key_of makes it (plus `also`): value}, having checked the labels that all series share."""
    result, instances = {}, set()
    for labels, value in found:
        labels = dict(labels)
        labels.pop("__name__")
        instances.add(labels.pop("collector_instance_id"))
        assert labels.pop("otel_scope_name") == "spanmetricsconnector", labels
        key = tuple(sorted((k, v) for k, v in labels.items() if k not in also)) + tuple(labels[k] for k in also)
        assert key not in result, key
        result[key] = value
    assert len(instances) <= 1, instances
    return result


def check_span_metrics(place, spans):
    """Exactly the series that the spans make, with exactly their labels and counts. Waits for the flush that completes them."""
    calls, events = expected_counts(spans)
    # New series begin with a zero, so that rate() sees their first rise: what is counted comes with the second flush of 15 s.
    lib.common.wait_until("the series of all calls", lambda: total(place, "traces_span_metrics_calls_total") >= len(spans), seconds=45, every=.2)
    for name, wanted in (("traces_span_metrics_calls_total", calls), ("traces_span_metrics_events_total", events), (DURATION + "_count", calls)):
        equal(name, stripped(lib.series(place.prometheus, name)), wanted)
    sums = stripped(lib.series(place.prometheus, DURATION + "_sum"))
    milliseconds = collections.Counter()
    for resource, _, span in spans:
        milliseconds[key_of(resource, span)] += (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
    assert sums.keys() == milliseconds.keys() and all(abs(sums[k] - v) <= 1e-6 * v for k, v in milliseconds.items()), (sums, milliseconds)
    buckets = stripped(lib.series(place.prometheus, DURATION + "_bucket"), "le")
    assert {k[-1] for k in buckets} == BUCKETS and len(buckets) == len(BUCKETS) * len(calls), sorted(buckets)
    equal("the last buckets", {k[:-1]: v for k, v in buckets.items() if k[-1] == "+Inf"}, calls)


def total(place, name):
    return sum(v for _, v in lib.series(place.prometheus, name))


def check_target_info(place, spans):
    """One a service: the resource's attributes but for those that became job and instance."""
    wanted = {}
    for resource, _, _ in spans:
        labels = {k.replace(".", "_"): v for k, v in resource.items() if k not in ("service.name", "service.instance.id")}
        wanted[resource["service.name"]] = {**labels, "__name__": "target_info", "job": resource["service.name"]}
    found = lib.series(place.prometheus, "target_info")
    assert {m["job"]: m for m, _ in found} == wanted and len(found) == 2 and all(v == 1 for _, v in found), (found, wanted)
    assert set(wanted) == {ENVOY_POD, TRITON_POD} and "pod_name" in wanted[TRITON_POD], wanted


def check_names(place, more=()):
    """No other series than these."""
    names = {m["__name__"] for m, _ in lib.series(place.prometheus, 'count by (__name__) ({__name__=~".+"})')}
    ours = {"traces_span_metrics_calls_total", "traces_span_metrics_events_total", DURATION + "_bucket", DURATION + "_sum",
            DURATION + "_count", "target_info"}
    assert names == ours | set(more), names ^ (ours | set(more))


# --- the Server Map panel

# No call fails here, and failed_total begins with a failure: Grafana takes none for 0.
GRAPH = [f"traces_service_graph_request_{name}" for name in (
    "total", *(f"{side}_seconds_{part}" for side in ("client", "server") for part in ("bucket", "sum", "count")))]
SELECT = '{client!="user"}'


def edges(place, query):
    return {(m["client"], m["server"]): v for m, v in lib.series(place.prometheus, query)}


def check_server_map(place, parents):
    """What Grafana asks for a serviceMap with {client!="user"}: one edge. Only complete pairs are counted: orphans are in none."""
    total_query = f"sum by (client, server) (traces_service_graph_request_total{SELECT})"
    edge = (ENVOY_POD, TRITON_POD)
    lib.common.wait_until("the edge has all its calls", lambda: edges(place, total_query).get(edge, 0) >= parents["envoy"], seconds=25, every=.2)
    assert edges(place, total_query) == {edge: parents["envoy"]}, (edges(place, total_query), parents)
    assert all(v > 0 for v in edges(place, f"sum by (client, server) (rate(traces_service_graph_request_total{SELECT}[1m]))").values())
    seconds = edges(place, f"sum by (client, server) (rate(traces_service_graph_request_server_seconds_sum{SELECT}[1m]))")
    assert list(seconds) == [edge] and seconds[edge] > 0, seconds
    grouped = lib.series(place.prometheus, f"group by (client, connection_type, server) (traces_service_graph_request_total{SELECT})")
    assert [m for m, _ in grouped] == [{"client": ENVOY_POD, "server": TRITON_POD}], grouped


def check_roots(place, parents):
    """Requests that hang on nothing come from "user", once the time to wait for the other half is over."""
    def users():
        return edges(place, 'sum by (client, server) (traces_service_graph_request_total{client="user"})').get(("user", TRITON_POD), 0)
    lib.common.wait_until("roots are counted as the user's calls", lambda: users() >= parents["root"], seconds=30, every=.2)
    assert users() == parents["root"], (users(), parents)
