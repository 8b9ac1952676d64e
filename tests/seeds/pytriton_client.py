#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A traced client of the model in a process of its own: pytriton_client.py HTTP_PORT GRPC_PORT COLLECTOR_URL.
It obeys lines on stdin and answers each with a line of JSON:
  http N | grpc N   N inferences -> [{"trace":, "root":, "call":, "y":}], each a root span and a CLIENT span whose context goes with the request
  flush             posts what is ended -> true
  chatter           from now on a span of its own is posted every 100 ms -> true
  hush              ends that -> how many there were
Ends with its stdin."""
import json
import sys
import threading
import urllib.request

import numpy as np
import tritonclient.grpc
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id

from pytriton_server import MODEL

SERVICE, EVERY = "linear-client", .1


class Chatter(threading.Thread):
    """A busy neighbour: weir hears from this process until hush."""

    def __init__(self, tracer, provider):
        super().__init__(daemon=True)
        self.tracer, self.provider, self.spans, self.enough = tracer, provider, 0, threading.Event()

    def run(self):
        while not self.enough.wait(EVERY):
            with self.tracer.start_as_current_span("chatter"):
                self.spans += 1
            self.provider.force_flush()


class Client:
    def __init__(self, http, grpc, url):
        self.provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
        trace.set_tracer_provider(self.provider)
        self.tracer = trace.get_tracer("test-client")
        self.http_port, self.grpc_port, self.chat = http, grpc, None

    def infer_http(self, x, headers):
        body = {"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [x]}]}
        url = f"http://127.0.0.1:{self.http_port}/v2/models/{MODEL}/infer"
        with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=20) as reply:
            return json.load(reply)["outputs"][0]["data"][0]

    def infer_grpc(self, x, headers):
        given = tritonclient.grpc.InferInput("x", [1, 1], "FP32")
        given.set_data_from_numpy(np.array([[x]], np.float32))
        with tritonclient.grpc.InferenceServerClient(f"127.0.0.1:{self.grpc_port}") as channel:
            return float(channel.infer(MODEL, [given], headers=headers, client_timeout=20).as_numpy("y")[0][0])

    def calls(self, infer, count):
        done = []
        for x in range(count):
            with self.tracer.start_as_current_span("work") as root, self.tracer.start_as_current_span("infer", kind=SpanKind.CLIENT) as call:
                headers = {}
                propagate.inject(headers)
                y = infer(float(x), headers)
            context = call.get_span_context()
            done.append({"trace": format_trace_id(context.trace_id), "root": format_span_id(root.get_span_context().span_id),
                         "call": format_span_id(context.span_id), "x": x, "y": y})
        return done

    def start_chatter(self):
        self.chat = Chatter(self.tracer, self.provider)
        self.chat.start()
        return True

    def hush(self):
        self.chat.enough.set()
        self.chat.join()
        return self.chat.spans

    def obey(self, word, count="0"):
        return {"http": lambda: self.calls(self.infer_http, int(count)), "grpc": lambda: self.calls(self.infer_grpc, int(count)),
                "flush": self.provider.force_flush, "chatter": self.start_chatter, "hush": self.hush}[word]()


def main():
    client = Client(*sys.argv[1:])
    for line in sys.stdin:
        print(json.dumps(client.obey(*line.split())), flush=True)
    client.provider.shutdown()


if __name__ == "__main__":
    main()
