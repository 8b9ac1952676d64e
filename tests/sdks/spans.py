# SPDX-License-Identifier: Apache-2.0
"""Spans in the one form that is compared (README.md): from a program's truth, from OTLP JSON lines, from OTLP protobuf."""
import json


NOTHING = ["nothing"]  # an AnyValue of no kind


def float_text(value):
    return ["d", repr(float(value))]


def from_truth(value):
    if value[0] == "a":
        return ["a", [from_truth(each) for each in value[1]]]
    return float_text(value[1]) if value[0] == "d" else value


def truth_attributes(found):
    return {k: from_truth(v) for k, v in found.items()}


def read_truth(lines):
    """-> {span id: span}"""
    head, spans = json.loads(lines[0]), {}
    common = {"resource": truth_attributes(head["resource"]), "scope": head["scope"]}
    for line in lines[1:]:
        span = {**common, **json.loads(line)}
        span["attributes"] = truth_attributes(span["attributes"])
        span["events"] = [[time, name, truth_attributes(found)] for time, name, found in span["events"]]
        span["links"] = [[trace, own, state, truth_attributes(found)] for trace, own, state, found in span["links"]]
        assert span["id"] not in spans, f"the SDK made span {span['id']} twice"
        spans[span["id"]] = span
    return spans


def json_value(value):
    if not value:
        return NOTHING
    (kind, v), = value.items()
    if kind == "arrayValue":
        return ["a", [json_value(each) for each in v.get("values", [])]]
    if kind == "doubleValue":
        return float_text(v)
    return [{"stringValue": "s", "boolValue": "b", "intValue": "i"}[kind], v]


def proto_value(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return NOTHING
    v = getattr(value, kind)
    if kind == "array_value":
        return ["a", [proto_value(each) for each in v.values]]
    if kind == "double_value":
        return float_text(v)
    return ["i", str(v)] if kind == "int_value" else [{"string_value": "s", "bool_value": "b"}[kind], v]


def unique(pairs):
    pairs = list(pairs)
    assert len(dict(pairs)) == len(pairs), f"a key is there twice: {[k for k, _ in pairs]}"
    return dict(pairs)


def json_attributes(holder):
    return unique((a["key"], json_value(a["value"])) for a in holder.get("attributes", []))


def proto_attributes(holder):
    return unique((a.key, proto_value(a.value)) for a in holder.attributes)


def from_json(s, common):
    status = s.get("status", {})
    return {**common, "trace": s["traceId"], "id": s["spanId"], "parent": s.get("parentSpanId", ""), "state": s.get("traceState", ""),
            "flags": s.get("flags", 0) & 255, "name": s["name"], "kind": s["kind"], "start": s["startTimeUnixNano"], "end": s["endTimeUnixNano"],
            "attributes": json_attributes(s), "events": [[e["timeUnixNano"], e["name"], json_attributes(e)] for e in s.get("events", [])],
            "links": [[e["traceId"], e["spanId"], e.get("traceState", ""), json_attributes(e)] for e in s.get("links", [])],
            "status": [status.get("code", 0), status.get("message", "")], "dropped": s.get("droppedAttributesCount", 0)}


def from_proto(s, common):
    return {**common, "trace": s.trace_id.hex(), "id": s.span_id.hex(), "parent": s.parent_span_id.hex(), "state": s.trace_state,
            "flags": s.flags & 255, "name": s.name, "kind": s.kind, "start": str(s.start_time_unix_nano), "end": str(s.end_time_unix_nano),
            "attributes": proto_attributes(s), "events": [[str(e.time_unix_nano), e.name, proto_attributes(e)] for e in s.events],
            "links": [[e.trace_id.hex(), e.span_id.hex(), e.trace_state, proto_attributes(e)] for e in s.links],
            "status": [s.status.code, s.status.message], "dropped": s.dropped_attributes_count}


def all_from_json(lines):
    for line in lines:
        for group in json.loads(line)["resourceSpans"]:
            resource = json_attributes(group.get("resource", {}))
            for scoped in group["scopeSpans"]:
                scope = scoped.get("scope", {})
                common = {"resource": resource, "scope": [scope.get("name", ""), scope.get("version", "")]}
                yield from (from_json(s, common) for s in scoped["spans"])


def all_from_proto(requests):
    for request in requests:
        for group in request.resource_spans:
            resource = proto_attributes(group.resource)
            for scoped in group.scope_spans:
                common = {"resource": resource, "scope": [scoped.scope.name, scoped.scope.version]}
                yield from (from_proto(s, common) for s in scoped.spans)


def by_service(spans):
    """{service.name: [span]}"""
    found = {}
    for span in spans:
        found.setdefault(span["resource"].get("service.name", ["s", ""])[1], []).append(span)
    return found


def unlike(field, value, sent):
    if isinstance(value, dict):
        keys = [k for k in value.keys() | sent.keys() if value.get(k) != sent.get(k)]
        value, sent = {k: value.get(k) for k in keys}, {k: sent.get(k) for k in keys}
    return f"{field} is {value!r}, sent was {sent!r}"


def differences(truth, arrived):
    """What is not as the SDK says, as texts."""
    found, seen = [], {}
    for span in arrived:
        if span["id"] in seen:
            found.append(f"span {span['id']} came twice")
        seen[span["id"]] = span
    found += [f"span {own} ({truth[own]['name']}) did not come" for own in truth.keys() - seen.keys()]
    found += [f"span {own} ({seen[own]['name']}) came and was not sent" for own in seen.keys() - truth.keys()]
    for own in truth.keys() & seen.keys():
        for field, value in truth[own].items():
            if seen[own][field] != value:
                found.append(f"span {own} ({truth[own]['name']}): {unlike(field, seen[own][field], value)}")
    return found
