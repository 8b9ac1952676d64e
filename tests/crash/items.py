# SPDX-License-Identifier: Apache-2.0
"""OTLP requests whose items carry proof of themselves: each span, metric or log record holds its number, a checksum of the resource and
scope it belongs to, and a checksum of its own bytes. So whoever receives one can say which it is and whether any byte of it changed,
knowing nothing else. Written with an own protobuf writer: shares no code with what is tested."""
import random
import struct
import zlib

MARK = b"#weir:"  # then 16 digits number, 8 context checksum, 8 own checksum
PARTS = 1024      # items of one request at most; number = request * PARTS + place
BLANK = b"0" * 8
PATHS = {"traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
         "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
         "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export"}


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def lend(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def fixed64(field, value):
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def number(field, value):
    return varint(field << 3) + varint(value)


def attribute(key, value):
    any_value = lend(1, value.encode()) if isinstance(value, str) else number(3, value)
    return lend(1, key.encode()) + lend(2, any_value)


def mark(item_number, context):
    return MARK + b"%016x%08x" % (item_number, context) + BLANK


def seal(item):
    """Puts the item's own checksum into its mark."""
    at = item.index(MARK) + len(MARK) + 24
    return item[:at] + b"%08x" % zlib.crc32(item) + item[at + 8:]


def check(item, context):
    """-> (number, sound) of an item as it arrived; (None, False) where it carries no mark."""
    at = item.find(MARK)
    if at < 0:
        return None, False
    at += len(MARK)
    try:
        who, wanted, own = int(item[at:at + 16], 16), int(item[at + 16:at + 24], 16), int(item[at + 24:at + 32], 16)
    except ValueError:
        return None, False
    real = zlib.crc32(item[at + 32:], zlib.crc32(BLANK, zlib.crc32(item[:at + 24])))
    return who, real == own and wanted == context


def span(item_number, context, trace_id, *, own_id=None, kind=1, parent=b"", name="work", start=0, end=0, error=False, attributes=(),
         filler=b""):
    out = [lend(1, trace_id), lend(2, own_id or span_id(item_number))]
    if parent:
        out.append(lend(4, parent))
    out += [lend(5, name.encode()), number(6, kind), fixed64(7, start), fixed64(8, end),
            lend(9, lend(1, b"check") + lend(2, lend(1, mark(item_number, context))))]
    out += [lend(9, attribute(k, v)) for k, v in attributes]
    if error:
        out.append(lend(15, number(3, 2)))
    if filler:
        out.append(lend(1999, filler))  # a field that nobody knows: it must survive, too
    return seal(b"".join(out))


def span_id(item_number):
    return struct.pack(">Q", item_number | 1 << 62)


def metric(item_number, context, now, filler=b""):
    point = fixed64(3, now) + fixed64(6, item_number)
    out = lend(1, b"crash.test") + lend(2, mark(item_number, context)) + lend(5, lend(1, point))
    return seal(out + (lend(1999, filler) if filler else b""))


def log_record(item_number, context, now, filler=b""):
    out = fixed64(1, now) + number(2, 9) + lend(5, lend(1, mark(item_number, context)))
    return seal(out + (lend(1999, filler) if filler else b""))


class Group:
    """A resource and a scope, to put items under."""

    def __init__(self, service, scope="crash", version="1"):
        self.resource = lend(1, attribute("service.name", service))
        self.scope = lend(1, scope.encode()) + lend(2, version.encode())
        self.context = zlib.crc32(self.scope, zlib.crc32(self.resource))

    def encode(self, items):
        scoped = lend(1, self.scope) + b"".join([lend(2, i) for i in items])
        return lend(1, lend(1, self.resource) + lend(2, scoped))


FILLER = random.Random(7).randbytes(4096).replace(b"#", b"-")


class Mixed:
    """Requests of 1..largest items in 1..3 groups, of any signal: request r is made from the seed and r alone, but for the time. Items are
    some 150 to 1,700 bytes, most of them small; heavy ones are some 2 to 4 KB."""

    def __init__(self, seed, signal="traces", largest=512, heavy=False):
        self.seed, self.signal, self.largest, self.heavy = seed, signal, largest, heavy
        self.groups = [Group(f"service-{i}", f"scope-{i % 3}") for i in range(12)]

    def _size(self, dice):  # half of them log-uniform, so that small ones are not rare
        return dice.randint(1, self.largest) if dice.random() < .5 else int(self.largest ** dice.random())

    def make(self, r, now):
        dice = random.Random(self.seed << 32 | r)
        count = self._size(dice)
        groups = dice.sample(self.groups, min(count, dice.randint(1, 3)))
        out = []
        for g, group in enumerate(groups):
            places = range(g * count // len(groups), (g + 1) * count // len(groups))
            out.append(group.encode([self._item(r, k, group.context, now, dice) for k in places]))
        return b"".join(out), count

    def _item(self, r, k, context, now, dice):
        which, filler = r * PARTS + k, FILLER[:dice.randrange(1800, 4096) if self.heavy else int(dice.random() ** 4 * 1500)]
        if self.signal == "metrics":
            return metric(which, context, now, filler)
        if self.signal == "logs":
            return log_record(which, context, now, filler)
        trace = struct.pack(">QQ", self.seed & (1 << 63) - 1 | 1, r * PARTS + k // 2)
        return span(which, context, trace, kind=3 - k % 2, name=f"op {k % 17}", start=now - 1000000, end=now, filler=filler,
                    parent=span_id(which - 1) if k % 2 else b"")
