# SPDX-License-Identifier: Apache-2.0
"""What the tests of the seed systems share: the right Python, network namespaces, weir on configs of others, a sink, Prometheus.

The published configurations name fixed ports and hosts. So a test runs in namespaces of its own (network, mounts, processes): every port
is free, /etc/hosts is ours, and what it leaves behind goes with it. A Neighbour is a second network namespace, for backends that listen on
the ports that weir itself listens on."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
VENV = os.path.join(ROOT, "build/venv-seeds")
CONFIGS = os.path.join(HERE, "configs")
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))
import common  # noqa: E402

START = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - START:5.1f} s] {text}", flush=True)


def use_venv():
    """Goes on in build/venv-seeds, which tests/seeds/setup makes or brings up to date."""
    installed, wanted = (os.path.join(folder, "requirements.txt") for folder in (VENV, HERE))
    here = os.path.realpath(sys.prefix) == os.path.realpath(VENV)
    if not here or not os.path.exists(installed) or read(installed) != read(wanted):
        python = subprocess.run([os.path.join(HERE, "setup")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        os.execv(python, [python, *sys.argv])


def finish(name, body):
    """body(directory) and a verdict of one line; the directory stays after a failure. Exits."""
    tmp = tempfile.mkdtemp(prefix=f"weir-{name}-")
    try:
        body(tmp)
    except AssertionError as e:
        traceback.print_tb(e.__traceback__)
        sys.exit(f"{name}: FAILED: {e}\n  left in {tmp}")
    shutil.rmtree(tmp, ignore_errors=True)
    say(f"{name}: passed")


# --- namespaces

NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr.strip()}"
    return done.stdout


def namespaced():
    """Goes on in namespaces of our own where that is permitted -> whether it is. Loopback is up, /dev/shm is private."""
    if os.environ.get("WEIR_SEEDS_NAMESPACED"):
        run("ip", "link", "set", "lo", "up")
        run("mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", "/dev/shm")
        return True
    if os.environ.get("WEIR_SEEDS_NO_NAMESPACES"):
        return False
    for way in (NAMESPACES, NAMESPACES + ["--map-root-user"]):
        tried = subprocess.run([*way, "sh", "-c", "ip link add name cable0 type veth peer name cable1 && mount -t tmpfs tmpfs /dev/shm"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if tried.returncode == 0:
            os.environ["WEIR_SEEDS_NAMESPACED"] = "1"
            os.execvp(way[0], [*way, sys.executable, *sys.argv])
    return False


def hosts(tmp, names):
    """Makes /etc/hosts of this mount namespace say {name: address}, beside localhost."""
    path = os.path.join(tmp, "hosts")
    with open(path, "w") as f:
        f.write("127.0.0.1 localhost\n" + "".join(f"{address} {name}\n" for name, address in names.items()))
    run("mount", "--bind", path, "/etc/hosts")


class Neighbour:
    """A second network namespace, joined to ours by a cable: `ours` is our address on it, `theirs` its addresses (all of one /24)."""

    def __init__(self, ours, theirs):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        pid = str(self.holder.pid)
        common.wait_until("the neighbour's namespace is there",
                          lambda: os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"), every=.002)
        run("ip", "link", "add", "name", "cable0", "type", "veth", "peer", "name", "cable1", "netns", pid)
        run("ip", "address", "add", ours + "/24", "dev", "cable0")
        run("ip", "link", "set", "cable0", "up")
        run(*self.inside("ip", "link", "set", "lo", "up"))
        for address in theirs:
            run(*self.inside("ip", "address", "add", address + "/24", "dev", "cable1"))
        run(*self.inside("ip", "link", "set", "cable1", "up"))

    def inside(self, *argv):
        return ["nsenter", f"--target={self.holder.pid}", "--net", *argv]

    def close(self):
        self.holder.kill()
        self.holder.wait()


# --- processes

@contextlib.contextmanager
def weir(tmp, arguments, health, name="weir", env=None):
    """weir with these arguments, ready when `health` answers. Yields the path of its log; it must end with 0, its accounts balanced."""
    log = os.path.join(tmp, name + ".log")
    with common.process(common.WEIR, *arguments, log=log, env={**os.environ, **(env or {})}) as p:
        def ready():
            with open(log, errors="replace") as f:
                assert p.poll() is None, f"weir ended with {p.returncode} at its start:\n{f.read()}"
            return common.http(health)
        common.wait_until("weir is ready", ready)
        yield log
    text = read(log)
    for bad in ("do not balance", "ERROR: AddressSanitizer", "runtime error:"):
        assert bad not in text, text


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


@contextlib.contextmanager
def prometheus(tmp, address, flags=(), before=(), config="global: {}\n"):
    """A real Prometheus at address (host:port); `before` is put before the command, as Neighbour.inside does."""
    path = os.path.join(tmp, "prometheus.yml")
    with open(path, "w") as f:
        f.write(config)
    with common.process(*before, "prometheus", f"--config.file={path}", f"--storage.tsdb.path={tmp}/tsdb", f"--web.listen-address={address}",
                        *flags, log=os.path.join(tmp, "prometheus.log")):
        common.wait_until("Prometheus is ready", lambda: common.http(f"http://{address}/-/ready"))
        yield


def series(address, query):
    """An instant query -> [(labels with __name__, value)]."""
    url = f"http://{address}/api/v1/query?" + common.urllib.parse.urlencode({"query": query})
    return [(r["metric"], float(r["value"][1])) for r in common.get_json(url)["data"]["result"]]


class Sink:
    """An OTLP gRPC server of its own process (sink.py); everything that it was sent is in a file, a request a line."""

    def __init__(self, path):
        self.path, self.offset, self.requests = path, 0, []

    def traces(self):
        """All ExportTraceServiceRequest messages so far."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        with open(self.path, "rb") as f:
            f.seek(self.offset)
            for line in f:
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                entry = json.loads(line)
                if entry["signal"] == "traces":
                    self.requests.append(ExportTraceServiceRequest.FromString(bytes.fromhex(entry["body"])))
        return self.requests

    def spans(self):
        """[(resource attributes as a dict of texts, scope, span)] so far."""
        found = []
        for request in self.traces():
            for group in request.resource_spans:
                resource = {a.key: a.value.string_value for a in group.resource.attributes}
                found += [(resource, scoped.scope, span) for scoped in group.scope_spans for span in scoped.spans]
        return found


@contextlib.contextmanager
def sink(tmp, address, before=()):
    path, log = os.path.join(tmp, "sink.jsonl"), os.path.join(tmp, "sink.log")
    with common.process(*before, sys.executable, os.path.join(HERE, "sink.py"), address, path, log=log, expect=None):
        common.wait_until("the sink is ready", lambda: os.path.exists(path))
        yield Sink(path)
