"""More raw requests, to a receiver with pipelines of all three signals; otherwise as in receiver_table."""
import gzip
import json
import re
import socket
import zlib

import corpus_signals
import prw
from receiver_table import (BODY, GZ, JS, JSON, PB, TRACE, chunked, frame, grpc_raw, http, jattr, jspan, pre, raw_http, req, snappy_framed,
                            zstd_raw)

ITEMS = []
METRICS, LOGS = (f().SerializeToString() for f in (corpus_signals.metrics, corpus_signals.logs))
SERVICE = "/opentelemetry.proto.collector."


def add(name, go):
    ITEMS.append((name, go))


def add_all(name, make, variants):
    for n, v in enumerate(variants):
        add(f"{name}.{n}", make(v))


def sized(n):
    """A valid request of exactly n bytes."""
    pad = n - len(BODY) - 200
    while len(body := req(attrs={"k": "v", "pad": "x" * pad}).SerializeToString()) != n:
        pad += n - len(body)
    return body


def raw(data, port="HTTP_PORT"):
    return lambda v: raw_http(v, data, port=port)


def line(text, heads=("Host: x",), body=BODY, length=True):
    heads = [text, *heads, f"Content-Type: {PB}", *([f"Content-Length: {len(body)}"] if length else []), "Connection: close"]
    return raw("\r\n".join(heads).encode("latin1") + b"\r\n\r\n" + body)


def one(body=BODY, ctype=PB, path="/v1/traces", extra="", method="POST"):
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {ctype}\r\nContent-Length: {len(body)}\r\n{extra}\r\n".encode() + body


END = one(extra="Connection: close\r\n")


def pipelined(first):
    """Requests on one connection; the statuses of the answers."""
    def go(v):
        data = b""
        with socket.create_connection(("127.0.0.1", v["HTTP_PORT"]), 5) as s:
            s.settimeout(5)
            s.sendall(first + END)
            try:
                while piece := s.recv(65536):
                    data += piece
            except OSError:
                pass
        return {"status": [int(x) for x in re.findall(rb"HTTP/1\.1 (\d+)", data)]}
    return go


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def tag(field, wire):
    return varint(field << 3 | wire)


def ld(field, data):
    return tag(field, 2) + varint(len(data)) + data


def of_span(span):
    return http(body=ld(1, ld(2, ld(2, span))))


IDS = ld(1, b"\x11" * 16) + ld(2, b"\x22" * 8)

# signals
for signal, body in (("metrics", METRICS), ("logs", LOGS)):
    add(f"{signal}.pb", http(f"/v1/{signal}", body=body))
    add(f"{signal}.garbage", http(f"/v1/{signal}", body=b"\xff\xfegarbage"))
    add(f"{signal}.empty", http(f"/v1/{signal}", body=b""))
    add(f"{signal}.empty_json", http(f"/v1/{signal}", body=b"{}", ctype=JS))
    add(f"{signal}.wrong_json", http(f"/v1/{signal}", body=f'{{"resource{signal.title()}":5}}'.encode(), ctype=JS))
    service = f"{SERVICE}{signal}.v1.{signal.title()}Service/Export"
    add(f"grpc.{signal}", grpc_raw(frame(body), path=service))
    add(f"grpc.{signal}_empty", grpc_raw(frame(b""), path=service))
add("metrics.traces", http("/v1/metrics", body=BODY))
add("grpc.profiles", grpc_raw(frame(b""), path=SERVICE + "profiles.v1development.ProfilesService/Export"))

# HTTP: types, encodings, limits
add_all("type", lambda t: http(ctype=t, body=JSON if "json" in t else BODY),
        ["application/x-protobuf; charset=utf-8", "application/json;", "APPLICATION/X-PROTOBUF", "application/x-protobuf,application/json", " application/json",
         "application/octet-stream", "application/grpc", "application", "/", "application/json/x", "text/json", "*/*", "application/x-protobuf ; a=b", ""])
add_all("enc.name", lambda e: http(body=GZ, enc=e), ["gzip ", "x-gzip", "none", "*", "deflate, gzip", "identity, gzip", "gzip;q=1", "compress", "gzip,", "snappy"])
NAMED = b"\x1f\x8b\x08\x08\0\0\0\0\0\xffname\0" + GZ[10:]
add_all("enc.gzip", lambda b: http(body=b, enc="gzip"), [NAMED, GZ + b"garbage", GZ + b"\0" * 8, GZ + gzip.compress(b"", mtime=0)])
add_all("enc.zstd", lambda b: http(body=b, enc="zstd"),
        [zstd_raw(BODY[:20]) + zstd_raw(BODY[20:]), b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + zstd_raw(BODY), zstd_raw(BODY)[:-5], BODY, zstd_raw(BODY) + b"xxxx"])
add_all("enc.deflate", lambda b: http(body=b, enc="deflate"), [zlib.compress(BODY) + b"xx", zlib.compress(BODY)[:-6], zlib.compress(BODY)[:-1] + b"\0", b""])
add_all("enc.snappy", lambda b: http(body=b, enc="snappy"), [b"\x10\xff\xff", b"", prw.snappy_encode(BODY) + b"xx"])
add_all("enc.framed", lambda b: http(body=b, enc="x-snappy-framed"), [snappy_framed(BODY)[:-1] + b"?", b"\xff\x06\x00\x00sNaPpY"])
add("enc.gzip_json_bad", http(body=gzip.compress(b"{", mtime=0), ctype=JS, enc="gzip"))
add("enc.accept_json", http(body=b"\xff", extra=["Accept: application/json"]))
add_all("limit", lambda b: http(body=b), [sized(65536), sized(65537)])
add_all("limit.gzip", lambda b: http(body=gzip.compress(b, mtime=0), enc="gzip"), [sized(65536), sized(65537)])
add("limit.chunked", chunked(sized(65536), size=8000))

# HTTP/1.1 on the wire
CHUNKED, SIZE = "Transfer-Encoding: chunked", b"%x" % len(BODY)
add_all("chunk", lambda tail: line("POST /v1/traces HTTP/1.1", ("Host: x", CHUNKED), tail, length=False),
        [SIZE + b";a=b\r\n" + BODY + b"\r\n0\r\n\r\n", SIZE + b"\r\n" + BODY + b"\r\n0\r\nX-T: 1\r\n\r\n", SIZE.upper() + b"\r\n" + BODY + b"\r\n0\r\n\r\n",
         b"0\r\n\r\n", b"000" + SIZE + b"\r\n" + BODY + b"\r\n0\r\n\r\n"])
add_all("length", lambda h: line("POST /v1/traces HTTP/1.1", ("Host: x", h), length="Content" not in h),
        [f"Content-Length: {len(BODY)}", "Content-Length: 3", "Content-Length: -1", f"Content-Length: +{len(BODY)}", "Content-Length: 0x10",
         f"Content-Length:  {len(BODY)} "])
add_all("head", lambda h: line("POST /v1/traces HTTP/1.1", h),
        [("Host: x", "Host: y"), ("Host:",), ("Host: x", "X-A : b"), ("Host: x", "XA"), ("Host: x", "X-A: b\0c"), ("Host: x", ": b"),
         ("Host: x", "X-A: \xc3\xa9"), ("Host: x", "X(A: 1"), ("Host: x", *[f"X-{i}: 1" for i in range(300)]), ("Host: x", "X-A: " + "a" * 40000),
         ("Host: x", "Upgrade: h2c"), ("Host: x", "Upgrade: websocket"), ("Host: x", "Expect: 100-Continue")])
add_all("line", line, [f"{m} /v1/traces HTTP/1.1" for m in ("post", "FOO", "TRACE", "DELETE", "PATCH", "GET")]
        + [f"POST {t} HTTP/1.1" for t in ("/v1/traces#x", "/v1/./traces", "/v1/../v1/traces", "/v1/traces%2F", "/v1/traces;a=b", "/v1%2Ftraces", "/v1/traces?",
                                          "https://x/v1/traces", "/v1//traces", "/v1/traces//", "/" + "a" * 20000)]
        + ["GET /health HTTP/1.1", "HEAD /nope HTTP/1.1", "OPTIONS /nope HTTP/1.1", "POST /v1/traces HTTP/1.1 x", "PO(ST /v1/traces HTTP/1.1"])
add_all("pipelined", pipelined, [one(), one(b"\xff\xff"), one(ctype="text/plain"), one(path="/x"), one(method="PUT"), one(extra="Content-Encoding: br\r\n"),
                                 b"GET /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n", one(b"xx", extra="Content-Encoding: gzip\r\n")])

# CORS
ASK = ["Access-Control-Request-Method: POST"]
ORIGINS = ["null", "https://A.OK.example", "https://ok.example", "https://.ok.example", "http://a.ok.example", "https://a.b.ok.example",
           "https://a.ok.example.evil", "", "*", "https://a.ok.example:443"]
add_all("cors.asked", lambda o: http(method="OPTIONS", body=None, ctype=None, extra=[f"Origin: {o}", *ASK]), ORIGINS)
add_all("cors.sent", lambda o: http(extra=[f"Origin: {o}"]), ORIGINS)
add_all("cors.method", lambda m: http(method="OPTIONS", body=None, ctype=None, extra=[pre[0], f"Access-Control-Request-Method: {m}"]), ["GET", "PUT", "post", "PATCH"])
add("cors.unknown_path", http("/nope", method="OPTIONS", body=None, ctype=None, extra=[pre[0], *ASK]))
add_all("cors.refused", lambda kw: http(extra=pre[:1], **kw), [{"path": "/nope"}, {"body": b"\xff"}, {"ctype": "text/plain"}, {"enc": "br"}])

# protobuf
add_all("pb.span", of_span,
        [IDS + tag(50, 3) + tag(51, 0) + b"\5" + tag(50, 4), IDS + tag(50, 3), IDS + tag(50, 4), IDS + b"\2\0", IDS + tag(50, 6), IDS + tag(5, 0) + b"\5",
         IDS + tag(7, 0) + b"\5", IDS + ld(6, b"x"), tag(1, 0) + b"\5", IDS + tag(6, 0) + b"\xff" * 10 + b"\1", IDS + tag(6, 0) + varint(2**64 - 1),
         IDS + tag(6, 0) + b"\x63", IDS + ld(5, b"a") + ld(5, b"b"), IDS + ld(15, ld(2, b"m")) + ld(15, tag(3, 0) + b"\2"), ld(1, b"\x11" * 17),
         ld(1, b"\x11" * 16) + ld(2, b"\x22" * 7), IDS + ld(4, b"\x22" * 4), IDS + ld(13, ld(1, b"abc")), IDS + ld(13, IDS), ld(1, b"") + ld(2, b""),
         ld(1, b"\0" * 16) + ld(2, b"\0" * 8), IDS + ld(3, b"\xff"), IDS + ld(9, ld(1, b"\xff") + ld(2, ld(1, b"x"))), IDS + ld(15, ld(2, b"\xff")),
         IDS + ld(9, ld(1, b"k") + ld(2, ld(1, b"s") + tag(3, 0) + b"\5")), IDS + ld(9, ld(1, b"k")), IDS + ld(9, b""), IDS + tag(16, 5) + b"\1\1\0\0",
         IDS + tag(7, 1) + b"\1\2", IDS + ld(5, b"a\0b")])
add_all("pb.request", lambda b: http(body=b), [b"\x0a\xff\xff\xff\xff\x0f", b"\x0a" + b"\xff" * 9 + b"\1", BODY + b"\xa2", ld(1, b""), BODY + tag(50, 3) + tag(50, 4)])

# JSON
add_all("json.span", lambda d: http(body=jspan(**d), ctype=JS),
        [{k: v} for k, vs in {
            "kind": ["2.0", -1, None, True, [], "SERVER", "span_kind_server"], "flags": ["257", 4294967296, "x"], "droppedAttributesCount": ["5", 1.5],
            "traceState": [5, None], "attributes": [{}, [None], [5], "x", [{"key": "a"}], [{"key": None, "value": {"intValue": 1}}], [{"key": "a", "value": 5}],
                                                    [{"key": "a", "value": {"foo": 5}}]],
            "events": [[None], {}, [{}]], "links": [[{}], [{"traceId": "xx"}]], "status": [{"code": 3}, {"code": "2"}, {"code": "ERROR"}, 5, []],
            "startTimeUnixNano": ["", " 1", "1.5", 1.5, True, "18446744073709551616", "18446744073709551615", "0x10", None, "1e3", 1e3], "name": [5, True, []],
            "traceId": ["11" * 17, "zz" * 16, True, "11111111-1111-1111-1111-111111111111"], "spanId": ["22", "22" * 9, "00" * 8],
            "parentSpanId": ["zz", "33" * 8, "00" * 8, None], "Kind": [2], "trace_state": ["a=1"]}.items() for v in vs])
add_all("json.value", lambda v: http(body=jattr(v), ctype=JS),
        [{"arrayValue": None}, {"arrayValue": {"values": [None]}}, {"kvlistValue": None}, {"kvlistValue": {"values": {}}}, {"arrayValue": []}, [], "x",
         *[{"intValue": v} for v in ("", " 5", "+5", "05", True, None, -9223372036854775808, 9223372036854775808, "5.0", 5.0)],
         *[{"doubleValue": v} for v in ("", "nan", "inf", "+Inf", "Infinity", "1e5", True, None, "1.5 ")],
         *[{"boolValue": v} for v in (1, "false", None, False)], *[{"bytesValue": v} for v in ("", "AP8", 5, None, [1, 2])],
         *[{"stringValue": v} for v in (None, True, [])], {"string_value": "x"}, {"StringValue": "x"}, {"intValue": 5, "stringValue": None}])
TEMPLATE = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"' + b"11" * 16 + b'","spanId":"' + b"22" * 8 + b'","name":"n"%s}]}]}]}'
add_all("json.lexical", lambda x: http(body=TEMPLATE % x, ctype=JS),
        [rb',"kind":02', rb',"kind":2.', rb',"kind":+2', rb',"kind":2e0', rb',"a":NaN', rb',"a":"\q"', rb',"a":"\u12"', b',"a":"\1"', rb',"a":"\ud83d\ude00"',
         rb',"name":"\u0000x"', rb',"a":1,', rb",,", rb',"a"', rb',"a":', rb',"a":tru', rb',"a":-', rb',"a":.5', rb",'a':1", rb',a:1', rb',"a":[1,]',
         rb',"name":"\ud800x"', rb',"name":"a\/b\b\f\n\r\t\"\\"', b"\x0c"])
add_all("json.document", lambda x: http(body=x, ctype=JS),
        [b'"x"', b"5", b" ", b"\n\t {} \r\n", b'{"resourceSpans":{}}', b'{"resourceSpans":[null]}', b'{"resourceSpans":[{"scopeSpans":[{"spans":[null]}]}]}',
         b'{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}', b'{"resourceSpans":[{"resource":5}]}', b'{"ResourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}',
         b"{}{}", b"{}\0", b'{"":1}', b'{"resourceSpans":[],}', b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", json.dumps({"resourceSpans": [{"schemaUrl": 5}]}).encode()])

# gRPC
add_all("grpc.timeout", lambda t: grpc_raw(extra=[("grpc-timeout", t)]), ["1S", "1H", "99999999S", "999999999S", "-1S", "1", "S", "1x", "1.5S"])
add_all("grpc.type", lambda t: grpc_raw(ctype=t), ["application/grpc+", "application/grpcx", "Application/gRPC", "application/grpc-web+proto", "text/plain", ""])
add_all("grpc.path", lambda p: grpc_raw(path=p),
        [TRACE + "/", "/" + TRACE, "/Export", TRACE.lower(), TRACE + "?a=b", "/grpc.health.v1.Health/Check",
         "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", TRACE.replace("Export", "export"), "/", TRACE.replace("/Export", ""), TRACE + "/Export", TRACE[1:]])
add_all("grpc.method", lambda m: grpc_raw(method=m), ["PUT", "post", "OPTIONS", "HEAD"])
add_all("grpc.metadata", lambda h: grpc_raw(extra=[h]), [("grpc-foo", "a"), ("x-a-bin", "AAEC"), ("x-a-bin", "AAE="), ("grpc-status", "0"), ("host", "y"),
                                                         ("x-big", "a" * 15900), ("content-type", "application/grpc")])
add_all("grpc.gzip", lambda b: grpc_raw(frame(b, 1), extra=[("grpc-encoding", "gzip")]),
        [GZ + b"xx", GZ[:-9], GZ[:-8] + b"1234" + GZ[-4:], gzip.compress(sized((1 << 20) + 1), mtime=0)])
add_all("grpc.zstd", lambda b: grpc_raw(frame(b, 1), extra=[("grpc-encoding", "zstd")]), [BODY, zstd_raw(BODY)[:-4]])
add_all("grpc.message", grpc_raw, [frame(sized(1 << 20)), frame(sized((1 << 20) + 1)), b"\0\xff\xff\xff\xff", b"\0\xff\xff\xff\xff" + BODY, frame(BODY, 255),
                                   frame(BODY + b"\xa2\x06\x03abc")])
add("grpc.bytes", grpc_raw(chunks=[frame(BODY)[i:i + 1] for i in range(8)] + [frame(BODY)[8:]]))
assert len({name for name, _ in ITEMS}) == len(ITEMS)
