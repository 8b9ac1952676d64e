"""One request of each signal with a bit of everything that texts of it can show: `signals`."""
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

T = 1_700_000_000_000_000_000


def put(where, key, **value):
    entry = where.add(key=key)
    for kind, v in value.items():
        setattr(entry.value, kind, v)
    return entry.value


def traces():
    import corpus
    attrs = {"d.nan": float("nan"), "d.inf": float("inf"), "d": 1.5, "map": {"b": "<&>", "a": [1, corpus.EMPTY]}, "bad": [float("nan")]}
    span = corpus.span(b"\x11" * 16, b"\x22" * 8, "op", T, 5, attrs=attrs, events=[("e", 1, {"k": "v"})], links=[(b"\x11" * 16, b"\x33" * 8, {"l": 1})])
    span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count = 1, 2, 3
    return corpus.request([(corpus.resource("signals"), {"name": "lib", "version": "1"}, [span, corpus.span(b"\x11" * 16, b"\x44" * 8, "plain", T, 0)])])


def metrics():
    req = ExportMetricsServiceRequest()
    group = req.resource_metrics.add(schema_url="http://r")
    put(group.resource.attributes, "service.name", string_value="signals")
    scope = group.scope_metrics.add(schema_url="http://s")
    scope.scope.name = "sc"
    numbers(scope)
    histograms(scope)
    summary = scope.metrics.add(name="y").summary
    point = summary.data_points.add(time_unix_nano=T, count=3, sum=4.5)
    point.quantile_values.add(quantile=.5, value=1.5)
    point.quantile_values.add(quantile=.99, value=2)
    other = req.resource_metrics.add().scope_metrics.add()
    other.metrics.add(name="only").gauge.data_points.add(time_unix_nano=T, as_int=1)
    return req


def numbers(scope):
    gauge = scope.metrics.add(name="g", description="d", unit="By").gauge
    put(gauge.data_points.add(time_unix_nano=T, as_int=5).attributes, "k", string_value="v")
    for value in (1.5, float("nan"), float("-inf"), 1e21, 1e-7, 100000.0):
        gauge.data_points.add(time_unix_nano=T + 5, start_time_unix_nano=T, as_double=value)
    total = scope.metrics.add(name="s", unit="1")
    put(total.metadata, "m", string_value="v")
    total.sum.aggregation_temporality, total.sum.is_monotonic = 2, True
    point = total.sum.data_points.add(time_unix_nano=T, as_int=-7)
    exemplar = point.exemplars.add(time_unix_nano=T, as_double=2.5, trace_id=b"\1" * 16, span_id=b"\2" * 8)
    put(exemplar.filtered_attributes, "fa", int_value=3)
    point.exemplars.add(time_unix_nano=T, as_int=9)


def histograms(scope):
    plain = scope.metrics.add(name="h").histogram
    plain.aggregation_temporality = 1
    plain.data_points.add(time_unix_nano=T, count=6, sum=3.25, min=.1, max=2, bucket_counts=[1, 2, 3], explicit_bounds=[1, 2.5])
    plain.data_points.add(time_unix_nano=T, count=0)
    exponential = scope.metrics.add(name="e").exponential_histogram
    exponential.aggregation_temporality = 2
    point = exponential.data_points.add(time_unix_nano=T, count=6, sum=3.25, scale=2, zero_count=1, min=1, max=8)
    point.positive.offset = -1
    point.positive.bucket_counts.extend([1, 0, 2])
    point.negative.offset = 3
    point.negative.bucket_counts.extend([2, 1])


def logs():
    req = ExportLogsServiceRequest()
    group = req.resource_logs.add(schema_url="http://r")
    put(group.resource.attributes, "service.name", string_value="signals")
    scope = group.scope_logs.add(schema_url="u")
    put(scope.scope.attributes, "sa", bool_value=True)
    scope.scope.name = "sc"
    full = scope.log_records.add(time_unix_nano=T, observed_time_unix_nano=T + 1, severity_number=9, severity_text="INFO", flags=1,
                                 trace_id=b"\1" * 16, span_id=b"\2" * 8, dropped_attributes_count=3, event_name="ev")
    full.body.string_value = 'hello "w" \t☃'
    put(full.attributes, "n", int_value=-5)
    nested = scope.log_records.add(time_unix_nano=T).body.kvlist_value.values
    put(nested, "d", double_value=1e21)
    put(nested, "b", bytes_value=b"\0\xff")
    nested.add(key="none")
    scope.log_records.add(severity_number=25)
    scope.log_records.add().body.bytes_value = b"hi"
    scope.log_records.add().body.double_value = float("nan")
    req.resource_logs.add().scope_logs.add().log_records.add().body.bool_value = False
    return req


def signals():
    import corpus
    return [corpus.Msg(0.0, "grpc", "traces", traces()), corpus.Msg(.01, "grpc", "metrics", metrics()), corpus.Msg(.02, "grpc", "logs", logs())]
