# SPDX-License-Identifier: Apache-2.0
"""More corpora: what the edges of policies, metrics and batches need. Seeded like those of corpus.py, which knows them by name."""
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

import corpus
from corpus import EMPTY, EPOCH, ERROR, MS, PROTOS, SCOPES, SERVER, UNSET, Gen, Msg, any_value, by_service, put_attrs, resource, send, span

# ---------------------------------------------------------------- the edges of tail policies, and metrics of every shape

def odd_policy(n=90, seed=1, late=0.0):
    """What `policy` leaves out: values of every kind and 64-bit edges, the same key on resource and span, repeated keys,
    traces whose spans come from several requests in any order, several roots, reversed and zero times, odd tracestates."""
    g, out, late_rows = Gen(f"odd{seed}"), [], []
    nums = (0, 1, -1, 50, 100, 2**63 - 1, -2**63, 50.0, 99.5, float("nan"), float("inf"), "50", True, b"2", [50], {"a": 50}, EMPTY)
    texts = ("acme", "ACME", "acme-eu", "x acme y", "", "a\nb", "naïve", "*", "a.c", 7, True, 1.5, b"acme", ["acme"], {"k": "acme"}, EMPTY)
    states = ("", "v=a", " v=a ", "v=a,v=b", "v=b,v=a", "V=a", "v=a,bad", "bad,v=a", "v = a", "v=a;b", ",".join(f"k{i}=x" for i in range(33)) + ",v=a",
              "v=" + "a" * 256, "v=a,", ",v=a", "t@v=a", "v=ä", "v=", "v==a", "v=a=", "ot=th:8;rv:c0000000000000,v=a")
    for i in range(n):
        tid, t0, root, rows = g.tid(), g.tick(), g.sid(), []
        for k in range(g.pick(1, 1, 2, 3, 5, 8)):
            res, a = resource(g.pick("api", "web"), "go"), []
            for _ in range(g.pick(0, 1, 1, 2)):
                a.append((g.pick("num", "num", "other"), g.pick(*nums)))
            if g.chance(.7):
                a.append(("text", g.pick(*texts)))
            if g.chance(.2):
                a.append(("text", g.pick(*texts)))
            if g.chance(.5):
                a.append(("flag", g.pick(True, False, "true", 1, 0, EMPTY)))
            if g.chance(.3):
                res["text"] = g.pick(*texts)
            if g.chance(.2):
                res["num"] = g.pick(*nums)
            if g.chance(.2):
                res["flag"] = g.pick(True, False)
            s = span(tid, root if k == 0 else g.sid(), g.pick("GET /", "job", ""), t0 + g.pick(-300, 0, 1, 50, 200) * MS,
                     g.pick(-4, 0, 10, 49.9999, 50, 50.0001, 99, 100.5, 101, 400), parent=b"" if k == 0 or g.chance(.1) else root,
                     kind=g.r.randrange(6), attrs=a, status=g.r.randrange(3) if g.chance(.5) else UNSET, tracestate=g.pick(*states) if g.chance(.4) else "",
                     flags=g.pick(0, 1, 2, 0x100, 0x101, 0x300, 0xff), events=[(g.pick("exception", "log"), 1, {"n": g.r.randrange(4)})] if g.chance(.3) else [],
                     links=[(g.tid(), g.sid(), {})] if g.chance(.1) else [])
            if g.chance(.05):
                s.start_time_unix_nano = 0
            if g.chance(.05):
                s.end_time_unix_nano = 0
            rows.append((res, g.pick(*SCOPES[:2]), s))
        g.r.shuffle(rows)
        step = g.pick(1, 2, 9)
        for k in range(0, len(rows), step):
            send(out, by_service(rows[k:k + step]))
        if late and g.chance(.5):
            late_rows.append((resource("late", "go"), None, span(tid, g.sid(), "late", t0, 90, parent=root if g.chance(.7) else b"",
                                                                attrs=[("text", g.pick("acme", "zeta")), ("num", 100)], status=g.r.randrange(3))))
    for k in range(0, len(late_rows), 5):
        send(out, by_service(late_rows[k:k + 5]), off=late)
    return out


def _points(m, kind):
    return getattr(m, kind).data_points


def _number_metric(g, sm, name, unit, kind, points):
    m = sm.metrics.add(name=name, unit=unit, description=f"{name} is {kind}")
    if kind == "gauge":
        m.gauge.SetInParent()
    else:
        m.sum.aggregation_temporality = 1 if kind.startswith("delta") else 0 if kind.startswith("unspecified") else 2
        m.sum.is_monotonic = not kind.endswith("updown")
    for attrs, v, extra in points:
        p = _points(m, "gauge" if kind == "gauge" else "sum").add(time_unix_nano=EPOCH + 60_000 * MS, start_time_unix_nano=EPOCH)
        put_attrs(p.attributes, attrs)
        if extra == "stale":
            p.flags = 1
        elif isinstance(v, int):
            p.as_int = v
        elif v is not None:
            p.as_double = v
        if extra == "exemplar":
            _exemplar(g, p)


def _exemplar(g, p, value=3.5):
    """One that tells nothing, then one with ids."""
    p.exemplars.add(time_unix_nano=EPOCH + 58_500 * MS, as_int=4)
    p.exemplars.add(time_unix_nano=EPOCH + 59_000 * MS, trace_id=g.tid(), span_id=g.sid(), as_double=value)


def _histogram_metric(g, sm, name, unit, *, bounds, counts, total, delta=False, extra="", attrs=()):
    m = sm.metrics.add(name=name, unit=unit, description=f"{name} in buckets")
    m.histogram.aggregation_temporality = 1 if delta else 2
    p = m.histogram.data_points.add(time_unix_nano=EPOCH + 60_000 * MS, start_time_unix_nano=EPOCH, count=sum(counts), bucket_counts=counts, explicit_bounds=bounds)
    put_attrs(p.attributes, attrs)
    if total is not None:
        p.sum = total
    if extra == "stale":
        p.flags = 1
    if extra == "exemplar":
        _exemplar(g, p, 7.0)
    if extra == "minmax":
        p.min, p.max = 1.0, 99.0


def _exponential_metric(g, sm, name, *, scale, positive, negative=(0, []), zero=0, threshold=0.0, delta=False, extra="", total=12.5):
    m = sm.metrics.add(name=name, unit="s", description=f"{name} grows")
    m.exponential_histogram.aggregation_temporality = 1 if delta else 2
    p = m.exponential_histogram.data_points.add(time_unix_nano=EPOCH + 60_000 * MS, start_time_unix_nano=EPOCH, scale=scale, zero_count=zero, zero_threshold=threshold,
                                                count=sum(positive[1]) + sum(negative[1]) + zero)
    if total is not None:
        p.sum = total
    p.positive.offset, p.negative.offset = positive[0], negative[0]
    p.positive.bucket_counts.extend(positive[1])
    p.negative.bucket_counts.extend(negative[1])
    if extra == "exemplar":
        _exemplar(g, p)
    if extra == "stale":
        p.flags = 1


def _summary_metric(sm, name, quantiles, *, extra=""):
    m = sm.metrics.add(name=name, unit="ms", description=f"{name} of quantiles")
    p = m.summary.data_points.add(time_unix_nano=EPOCH + 60_000 * MS, start_time_unix_nano=EPOCH, count=9, sum=81.5, flags=1 if extra == "stale" else 0)
    for q, v in quantiles:
        p.quantile_values.add(quantile=q, value=v)


def _names_and_units(g, sm):
    units = ("", "1", "ms", "s", "us", "ns", "min", "h", "d", "By", "KiBy", "MBy", "bit", "%", "{request}", "{request}/s", "By/s", "m/s", "1/s", "foo", "foo/bar",
             "Cel", "V", "A", "J", "W", "g", "m", "Hz", "10", "m^2", "/s", "By/", " s ", "{a}{b}", "s{cpu}", "us/min", "mo", "y", "wk", "TBy", "µs")
    for i, u in enumerate(units):
        for kind in ("gauge", "sum"):
            _number_metric(g, sm, f"unit.{kind}.{i}", u, kind, [({}, i, "")])
    names = ("a.b", "c__d", "_lead", "9lead", "x:y", "calls_total", "foo.total", "total", "ratio", "x_ratio", "latency_seconds", "seconds.spent", "ünï.q", "e f", "trail_",
             "trailing.", "g-h/k", "CamelCase", "http.server.request.duration", "bytes", "x_bytes_total", "x.bytes.per.second")
    for i, name in enumerate(names):
        _number_metric(g, sm, name, "", "gauge", [({"i": i}, i, "")])
        for kind, unit in (("gauge", "1"), ("sum", ""), ("sum", "By"), ("updown", "s"), ("gauge", "By/s")):
            _number_metric(g, sm, f"{name}.q{i}{kind}{unit}" if i % 2 else f"{kind}{unit}{i}.{name}", unit, kind, [({"i": i}, i, "")])


def odd_metrics(seed=1, names=True, clashes=True):
    """Every kind of point with its odd forms, names and units, label clashes, two resources with the same service."""
    g, out = Gen(f"oddmetrics{seed}"), []
    a = resource("api", "go", service__namespace="shop", service__instance__id="i-1", deployment__environment="prod", region="eu")
    for part in ("kinds", "hists", "names", "clashes"):
        if part == "names" and not names or part == "clashes" and not clashes:
            continue
        req = ExportMetricsServiceRequest()
        rm = req.resource_metrics.add()
        put_attrs(rm.resource.attributes, a)
        sm = rm.scope_metrics.add()
        sm.scope.name, sm.scope.version, sm.schema_url = "lib.x", "1.2", "https://opentelemetry.io/schemas/1.26.0"
        put_attrs(sm.scope.attributes, {"team": "core", "odd.key": 3, "flag": True, "name": "not me", "version": 7})
        {"kinds": _odd_numbers, "hists": _odd_histograms, "names": _names_and_units, "clashes": _odd_labels}[part](g, sm)
        out.append(Msg(0, "http" if len(out) % 2 else "grpc", "metrics", req))
    req = ExportMetricsServiceRequest()
    for res in (resource("web", "go"), {"service.instance.id": "only-instance", "k": "v"}, {"host.name": "nameless"}, {}, {"service.name": "", "z": ""},
                {"service.name": 5, "service.namespace": "n", "list": ["a", 1], "job": "mine", "instance": "his", "empty": ""},
                {"service.name": "j", "service.instance.id": "1", "job": "mine", "instance": "his", "c.d": "2", "c_d": "1", "9k": "n", "none": ""},
                {"service.namespace": "only-ns", "service.instance.id": "2", "k": "v"}, {"service.name": "svc", "service.instance.id": 7, "k": "v"}):
        rm = req.resource_metrics.add()
        put_attrs(rm.resource.attributes, res)
        _number_metric(g, rm.scope_metrics.add(), f"res{len(req.resource_metrics)}.gauge", "", "gauge", [({"a": "b"}, 1, ""), ({"region": "point"}, 2, "")])
    out.append(Msg(0, "grpc", "metrics", req))
    return out


def _odd_numbers(g, sm):
    for kind in ("gauge", "sum", "updown", "delta", "unspecified"):
        _number_metric(g, sm, f"n.{kind}", "", kind, [({"v": "int"}, 3, ""), ({"v": "double"}, 2.5, ""), ({"v": "nan"}, float("nan"), ""), ({"v": "inf"}, float("inf"), ""),
                                                      ({"v": "big"}, 2**53 + 1, ""), ({"v": "neg"}, -7, ""), ({"v": "none"}, None, ""),
                                                      ({"v": "exemplar"}, 4, "exemplar"), ({"v": "tiny"}, 1e-300, ""), ({"v": "e21"}, 1e21, ""), ({"v": "stale"}, 1, "stale")])
    _number_metric(g, sm, "n.values", "", "gauge", [({"k": v}, i, "") for i, v in enumerate((True, 7, -2.5, 1e21, b"\x00\xff", ["a", 1, [2]], {"m": {"n": 1}}, EMPTY, "", 'quo"te\\back\nline', "ünï ☃", 100000.0, float("nan")))])
    sm.metrics.add(name="no.data", unit="s")
    sm.metrics.add(name="empty.gauge").gauge.SetInParent()
    sm.metrics.add(name="empty.sum").sum.is_monotonic = True
    m = sm.metrics.add(name="no.description", unit="s")
    m.gauge.data_points.add(time_unix_nano=EPOCH, as_int=1)
    m = sm.metrics.add(name="described", description="line\nbreak \\ \"q\"")
    m.gauge.data_points.add(time_unix_nano=EPOCH, as_int=1)


def _odd_histograms(g, sm):
    _histogram_metric(g, sm, "h.plain", "s", bounds=[.005, 1, 2.5, 1e6], counts=[1, 0, 2, 3, 4], total=12.25, attrs={"k": "v"})
    _histogram_metric(g, sm, "h.exemplar", "ms", bounds=[5, 10], counts=[1, 2, 3], total=80.0, extra="exemplar")
    _histogram_metric(g, sm, "h.nosum", "s", bounds=[1], counts=[1, 2], total=None)
    _histogram_metric(g, sm, "h.nobounds", "s", bounds=[], counts=[5], total=5.0)
    _histogram_metric(g, sm, "h.empty", "s", bounds=[], counts=[], total=0.0)
    _histogram_metric(g, sm, "h.stale", "s", bounds=[1], counts=[1, 1], total=2.0, extra="stale")
    _histogram_metric(g, sm, "h.minmax", "By", bounds=[1, 50], counts=[0, 3, 1], total=130.0, extra="minmax")
    _histogram_metric(g, sm, "h.infbound", "s", bounds=[1, float("inf")], counts=[1, 2, 0], total=6.0)
    _histogram_metric(g, sm, "h.delta", "s", bounds=[1], counts=[2, 1], total=3.0, delta=True)
    _exponential_metric(g, sm, "e.plain", scale=3, positive=(2, [1, 0, 0, 0, 2, 3, 0, 1]), zero=2)
    _exponential_metric(g, sm, "e.negative", scale=1, positive=(-3, [1, 2]), negative=(0, [4, 0, 5]), zero=1, threshold=.001)
    _exponential_metric(g, sm, "e.fine", scale=12, positive=(100, [1] * 40))
    _exponential_metric(g, sm, "e.coarse", scale=-4, positive=(0, [1, 2]))
    _exponential_metric(g, sm, "e.gaps", scale=0, positive=(-10, [1, 0, 1, 0, 0, 1, 0, 0, 0, 1] + [0] * 20 + [7]))
    _exponential_metric(g, sm, "e.empty", scale=0, positive=(0, []), total=0.0)
    _exponential_metric(g, sm, "e.nosum", scale=2, positive=(0, [1]), total=None)
    _exponential_metric(g, sm, "e.delta", scale=2, positive=(0, [1]), delta=True)
    _summary_metric(sm, "s.plain", [(0, 1.0), (.5, 2.5), (.99, 9.0), (1, 10.0)])
    _summary_metric(sm, "s.none", [])
    _summary_metric(sm, "s.stale", [(.5, 1.0)], extra="stale")


def _odd_labels(g, sm):
    for name, unit, kind, points in (
            ("clash.labels", "", "gauge", [({"a.b": "1", "a_b": "2"}, 1, "")]), ("clash.three", "", "gauge", [({"a.b": "z", "a_b": "y", "a-b": "x"}, 1, "")]), ("clash.equal", "", "gauge", [({"a.b": "1", "a_b": "1", "a-b": ""}, 1, "")]), ("scope.own", "", "gauge", [({"otel_scope_team": "point"}, 1, "")]),
            ("label.names", "", "gauge", [({"9x": "1", "_lead": "2", "x.é": "4", "a..b": "5", "UPPER": "8"}, 1, "")]),
            ("label.reserved", "", "gauge", [({"job": "j", "instance": "i", "__name__": "n", "otel_scope_name": "s", "service.name": "svc"}, 1, "")]),
            ("same.series", "", "gauge", [({"k": "v"}, 1, ""), ({"k": "v"}, 2, "")]),
            ("many.same", "s", "gauge", [({"n": 1}, 1, "")]), ("many.same", "ms", "gauge", [({"n": 2}, 1, "")])):
        _number_metric(g, sm, name, unit, kind, points)


def logs(n=40, per=3):
    """n log records, `per` in a request."""
    g, out = Gen("logs"), []
    for i in range(0, n, per):
        req = ExportLogsServiceRequest()
        rl = req.resource_logs.add()
        put_attrs(rl.resource.attributes, resource("svc", "go"))
        for k in range(i, min(n, i + per)):
            r = rl.scope_logs.add().log_records.add(time_unix_nano=g.tick(), severity_number=9)
            any_value(f"line {k}", r.body)
        out.append(Msg(0, PROTOS[len(out) % 5], "logs", req))
    return out


GENERATORS = {f.__name__: f for f in (odd_policy, odd_metrics, logs)}
