#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""proto/*.proto against what others use: every OTLP message, field number, type and label against the descriptors of
the opentelemetry-proto package, remote write against bytes that a real collector sent. Needs protoc, opentelemetry-proto."""
import importlib
import pathlib
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Ours, theirs
FILES = {
    "otlp_common.proto": "common.v1.common_pb2",
    "otlp_resource.proto": "resource.v1.resource_pb2",
    "otlp_trace.proto": "trace.v1.trace_pb2",
    "otlp_metrics.proto": "metrics.v1.metrics_pb2",
    "otlp_logs.proto": "logs.v1.logs_pb2",
    "otlp_collector_trace.proto": "collector.trace.v1.trace_service_pb2",
    "otlp_collector_metrics.proto": "collector.metrics.v1.metrics_service_pb2",
    "otlp_collector_logs.proto": "collector.logs.v1.logs_service_pb2",
}


def compile_ours():
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "set"
        protos = sorted(str(p) for p in (ROOT / "proto").glob("*.proto"))
        subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--descriptor_set_out={out}", *protos], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())


def facts(file):
    """Every message, field and enum value of a file as {full name: what matters on the wire and in JSON}."""
    found = {}

    def enum(prefix, e):
        for v in e.value:
            found[f"{prefix}.{e.name}.{v.name}"] = ("value", v.number)

    def message(prefix, m):
        name = f"{prefix}.{m.name}"
        found[name] = ("message",)
        for f in m.field:
            oneof = m.oneof_decl[f.oneof_index].name if f.HasField("oneof_index") and not f.proto3_optional else ""
            found[f"{name}.{f.name}"] = ("field", f.number, f.type, f.label, f.type_name, f.proto3_optional, oneof)
        for e in m.enum_type:
            enum(name, e)
        for n in m.nested_type:
            message(name, n)

    for e in file.enum_type:
        enum(file.package, e)
    for m in file.message_type:
        message(file.package, m)
    return found


def compare(ours):
    errors, count = [], 0
    for mine, theirs in FILES.items():
        module = importlib.import_module(f"opentelemetry.proto.{theirs}")
        want = descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
        want, got = facts(want), facts(ours[mine])
        count += len(want)
        for name in sorted(want.keys() | got.keys()):
            if want.get(name) != got.get(name):
                errors.append(f"{mine}: {name}: theirs {want.get(name)}, ours {got.get(name)}")
    print(f"{count} messages, fields and enum values compared")
    return errors


def unsnappy(data):
    """Snappy's block format."""
    def varint(at):
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value, at

    size, at = varint(0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = (tag >> 2) + 1
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[at:at + extra], "little") + 1
                at += extra
            out += data[at:at + length]
            at += length
            continue
        if tag & 3 == 1:
            length, offset = ((tag >> 2) & 7) + 4, (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, offset = (tag >> 2) + 1, int.from_bytes(data[at:at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-offset])
    assert len(out) == size, "the capture is not whole"
    return bytes(out)


def unknown_fields(message, at):
    """Names of messages that hold fields which our .proto does not know."""
    from google.protobuf.unknown_fields import UnknownFieldSet
    found = [f"{at} has unknown field {f.field_number}" for f in UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.message_type is not None:
            values = value if isinstance(value, (list, tuple)) or hasattr(value, "add") else [value]
            for v in values:
                found += unknown_fields(v, f"{at}.{field.name}")
    return found


def check_remote_write(ours):
    pool = descriptor_pool.DescriptorPool()
    pool.Add(ours["prometheus_remote_write.proto"])
    request = message_factory.GetMessageClass(pool.FindMessageTypeByName("prometheus.WriteRequest"))()
    request.ParseFromString(unsnappy((ROOT / "tests/data/captures/otelcol-remotewrite.bin").read_bytes()))
    errors = sorted(set(unknown_fields(request, "WriteRequest")))
    if len(request.timeseries) == 0:
        errors.append("remote write: the capture holds no series")
    for series in request.timeseries:
        names = [label.name for label in series.labels]
        if "__name__" not in names or names != sorted(names):
            errors.append(f"remote write: odd labels {names}")
        if not all(1.6e12 < sample.timestamp < 2.2e12 for sample in series.samples):
            errors.append(f"remote write: odd time in {names}")
    print(f"{len(request.timeseries)} series of a real sender decoded")
    return errors


def main():
    ours = {f.name: f for f in compile_ours().file}
    errors = compare(ours) + check_remote_write(ours)
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
