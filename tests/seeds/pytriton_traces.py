# SPDX-License-Identifier: Apache-2.0
"""What a traced inference of PyTriton must look like in Jaeger: eight spans of four exporters, two from the client's process and six from
the server's three."""
import common
from pytriton_client import SERVICE as CLIENT
from pytriton_server import MODEL
from pytriton_server import SERVICE as SERVER

# name: (parent, kind, service, telemetry.sdk.language, scope). PyTriton's Python processes make a resource without telemetry.sdk.
SDK, CPP = (CLIENT, "python", "test-client"), (SERVER, "cpp", "triton-server")
PBE, PROXY = (SERVER, None, "pbe"), (SERVER, None, "pytriton.proxy.telemetry")
SPANS = {
    "work": (None, "internal", *SDK),
    "infer": ("work", "client", *SDK),
    "InferRequest": ("infer", "server", *CPP),
    MODEL: ("InferRequest", "server", *CPP),
    "compute": (MODEL, "server", *CPP),
    "python_backend_execute": (MODEL, "internal", *PBE),
    "proxy_inference_callable": ("python_backend_execute", "internal", *PROXY),
    "pytriton-batch-decorator-span": ("proxy_inference_callable", "internal", *PROXY),
}
SERVER_SPANS = [name for name, (_, _, service, _, _) in SPANS.items() if service == SERVER]
EVENTS = {
    "InferRequest": ["HTTP_RECV_START", "HTTP_RECV_END", "INFER_RESPONSE_COMPLETE", "HTTP_SEND_START", "HTTP_SEND_END"],
    MODEL: ["REQUEST_START", "QUEUE_START", "REQUEST_END"],
    "compute": ["COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END"],
}


class Jaeger:
    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/api/traces"

    def trace(self, trace_id, size):
        """The trace as soon as it has at least `size` spans, else None."""
        data = common.get_json(f"{self.url}/{trace_id}")["data"]
        return data[0] if data and len(data[0]["spans"]) >= size else None

    def wait_for(self, trace_id, size=len(SPANS), seconds=20):
        return common.wait_until(f"trace {trace_id} is in Jaeger with {size} spans", lambda: self.trace(trace_id, size), seconds)

    def names(self, service):
        """{trace id: sorted names of the service's spans} of all that Jaeger has of that service."""
        found = {}
        for each in common.get_json(f"{self.url}?service={service}&limit=1500")["data"]:
            ours = [s["operationName"] for s in each["spans"] if each["processes"][s["processID"]]["serviceName"] == service]
            found[each["traceID"]] = sorted(ours)
        return found


def tags(of):
    return {t["key"]: t["value"] for t in of.get("tags") or ()}


def check_span(span, trace, ids):
    """One span against SPANS: its place in the tree, its resource and its scope."""
    name = span["operationName"]
    parent, *expected = SPANS[name]
    process, own = trace["processes"][span["processID"]], tags(span)
    resource = tags(process)
    found = [own["span.kind"], process["serviceName"], resource.get("telemetry.sdk.language"), own["otel.scope.name"]]
    assert found == expected, f"{name}: {found}, not {expected}"
    references = [(r["refType"], r["spanID"], r["traceID"]) for r in span["references"]]
    wanted = [("CHILD_OF", ids[parent], trace["traceID"])] if parent else []
    assert references == wanted, f"{name}: refers to {references}, not to {parent} {wanted}"
    if process["serviceName"] == SERVER:
        assert resource["deployment.environment"] == "test", resource
    if name in EVENTS:
        events = [f["value"] for log in span["logs"] for f in log["fields"] if f["key"] == "event"]
        assert sorted(events) == sorted(EVENTS[name]), f"{name}: {events}"


def check_trace(trace, call):
    """The trace of one inference over HTTP, exactly: no span too many, none twice, parents, services, kinds, scopes, events."""
    spans = trace["spans"]
    ids = {s["operationName"]: s["spanID"] for s in spans}
    assert len(spans) == len(SPANS) and set(ids) == set(SPANS), f"{trace['traceID']}: {sorted(s['operationName'] for s in spans)}"
    assert (ids["work"], ids["infer"]) == (call["root"], call["call"]), (ids, call)
    for span in spans:
        check_span(span, trace, ids)
    model = tags(next(s for s in spans if s["operationName"] == MODEL))
    assert (model["triton.model_name"], model["triton.model_version"]) == (MODEL, 1), model
    # One clock on one machine: what the server did began during the client's call (it may end after the reply).
    outer = next(s for s in spans if s["operationName"] == "infer")
    for span in (s for s in spans if s["operationName"] in SERVER_SPANS):
        assert 0 <= span["startTime"] - outer["startTime"] <= outer["duration"], f"{span['operationName']} did not begin in the client's call"
