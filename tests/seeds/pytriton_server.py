#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A PyTriton server with one model and OpenTelemetry tracing: pytriton_server.py HTTP_PORT GRPC_PORT METRICS_PORT COLLECTOR_URL WORKSPACE.
It is stopped as a container is: SIGTERM, and PyTriton stops its tritonserver, whose Python backend and trace exporter flush then."""
import signal
import sys

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

SERVICE, MODEL = "linear-server", "Linear"
SCHEDULE_MS = 9000  # of tritonserver's exporter (default 5000): what it posts earlier than that after a post, it posts because it stops


@batch
def infer(x):
    return [x * 2 + 1]


def main():
    http, grpc, metrics, url, workspace = sys.argv[1:]
    tracing = ["mode=opentelemetry", "rate=1", "level=TIMESTAMPS", f"opentelemetry,url={url}", f"opentelemetry,resource=service.name={SERVICE}",
               "opentelemetry,resource=deployment.environment=test", f"opentelemetry,bsp_schedule_delay={SCHEDULE_MS}"]
    config = TritonConfig(http_address="127.0.0.1", http_port=int(http), grpc_address="127.0.0.1", grpc_port=int(grpc),
                          metrics_address="127.0.0.1", metrics_port=int(metrics), trace_config=tracing)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tensor = {"dtype": np.float32, "shape": (1,)}
    with Triton(config=config, workspace=workspace) as triton:
        triton.bind(model_name=MODEL, infer_func=infer, inputs=[Tensor(name="x", **tensor)], outputs=[Tensor(name="y", **tensor)],
                    config=ModelConfig(max_batch_size=16))
        triton.serve()


if __name__ == "__main__":
    main()
