# SPDX-License-Identifier: Apache-2.0
"""A real tritonserver, from the package of PyTriton, with a model of the Python backend: no GPU, no container."""
import contextlib
import os
import shutil
import sys

import lib

MODEL = "passthrough"
CONFIG = """name: "passthrough"
backend: "python"
input [{ name: "IN", data_type: TYPE_FP32, dims: [ -1 ] }]
output [{ name: "OUT", data_type: TYPE_FP32, dims: [ -1 ] }]
"""
CODE = """import triton_python_backend_utils as utils


class TritonPythonModel:
    def execute(self, requests):
        inputs = [utils.get_input_tensor_by_name(request, "IN").as_numpy() for request in requests]
        return [utils.InferenceResponse([utils.Tensor("OUT", numbers)]) for numbers in inputs]
"""


def packages():
    return os.path.join(lib.VENV, f"lib/python3.{sys.version_info.minor}/site-packages")


def repository(tmp):
    """A model repository with the one model, and a backend directory with the stub of this Python -> their paths."""
    models, backends = os.path.join(tmp, "models"), os.path.join(tmp, "backends")
    os.makedirs(os.path.join(models, MODEL, "1"))
    for path, text in (("config.pbtxt", CONFIG), ("1/model.py", CODE)):
        with open(os.path.join(models, MODEL, path), "w") as f:
            f.write(text)
    dist = os.path.join(packages(), "pytriton/tritonserver")
    python = shutil.copytree(os.path.join(dist, "backends/python"), os.path.join(backends, "python"))
    shutil.copy(os.path.join(dist, f"python_backend_stubs/3.{sys.version_info.minor}/triton_python_backend_stub"), python)
    return models, backends


@contextlib.contextmanager
def server(tmp, trace_config, http=8000, grpc=8001, metrics=8002, before=()):
    """tritonserver, ready to infer; trace_config: the values of its --trace-config flags. SIGTERM at the end: it flushes its spans."""
    models, backends = repository(tmp)
    env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(packages(), "nvidia_pytriton.libs"),
           "PATH": os.path.join(lib.VENV, "bin") + ":" + os.environ["PATH"]}
    argv = [os.path.join(packages(), "pytriton/tritonserver/bin/tritonserver"), f"--model-repository={models}",
            f"--backend-directory={backends}", f"--http-port={http}", f"--grpc-port={grpc}", f"--metrics-port={metrics}",
            *(f"--trace-config={each}" for each in trace_config)]
    with lib.common.process(*before, *argv, env=env, log=os.path.join(tmp, "triton.log")) as p:
        def ready():
            assert p.poll() is None, f"tritonserver ended with {p.returncode}: {lib.read(os.path.join(tmp, 'triton.log'))[-2000:]}"
            lib.common.http(f"http://localhost:{http}/v2/health/ready")
            return True
        lib.common.wait_until("tritonserver is ready", ready, seconds=60)
        yield p
