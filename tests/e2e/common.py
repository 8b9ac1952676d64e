# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: processes on free ports, waiting with a deadline, own metrics."""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("WEIR_BUILD", os.path.join(ROOT, "build/release"))
WEIR = os.environ.get("WEIR_BIN", os.path.join(BUILD, "weir"))
SAMPLE = re.compile(r"^([\w:]+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def free_ports(count):
    socks = [socket.socket() for _ in range(count)]
    for s in socks:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


def wait_until(what, check, seconds=20, every=.05):
    """Polls until check() is true (and returns it); fails with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        last = None
        try:
            if result := check():
                return result
        except (OSError, urllib.error.URLError, KeyError, IndexError) as e:
            last = e
        if time.monotonic() > deadline:
            raise AssertionError(f"not in {seconds} s: {what}" + (f" ({last})" if last else ""))
        time.sleep(every)


def http(url, data=None, headers=None, timeout=10):
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=timeout) as reply:
        return reply.read()


def get_json(url):
    return json.loads(http(url))


def samples(url):
    """[(name, labels, value)] of a Prometheus page."""
    found = []
    for line in http(url).decode().splitlines():
        if m := SAMPLE.match(line):
            found.append((m[1], dict(LABEL.findall(m[2] or "")), float(m[3])))
    return found


@contextlib.contextmanager
def process(*argv, env=None, cwd=None, expect=(0,), log=None):
    """A process that is stopped by SIGTERM at the end and must then exit with one of `expect` (None: anything)."""
    out = open(log, "wb") if log else subprocess.DEVNULL
    p = subprocess.Popen(argv, env=env, cwd=cwd, stdout=out, stderr=out)
    failed = True
    try:
        yield p
        failed = False
    finally:
        if p.poll() is None:
            p.send_signal(signal.SIGTERM)
        try:
            code = p.wait(30)
        except subprocess.TimeoutExpired:
            p.kill()
            code = p.wait()
        if failed and log:
            with open(log, errors="replace") as f:
                print(f"--- last lines of {os.path.basename(log)}\n" + "".join(f.readlines()[-30:]), file=sys.stderr)
        if not failed and expect is not None and code not in expect:
            raise AssertionError(f"{argv[0]} ended with {code}")


@contextlib.contextmanager
def weir(config, tmp, own_port, name="weir", env=None):
    """weir on a config text, ready to take requests; its log must not say that accounts do not balance."""
    path, log = os.path.join(tmp, name + ".yaml"), os.path.join(tmp, name + ".log")
    with open(path, "w") as f:
        f.write(config)
    with process(WEIR, "--config", path, log=log, env={**os.environ, **(env or {})}) as p:
        def ready():
            if p.poll() is not None:
                with open(log, errors="replace") as f:
                    raise AssertionError(f"weir ended with {p.returncode} at its start:\n{f.read()}")
            return http(f"http://127.0.0.1:{own_port}/readyz")
        wait_until("weir is ready", ready)
        yield p
    with open(log, errors="replace") as f:
        text = f.read()
    assert "do not balance" not in text, text
    assert "ERROR: AddressSanitizer" not in text and "runtime error:" not in text, text


def accounts(own_port):
    """Law 4's books: {(pipeline, exporter): {"admitted": n, "held": n, outcome: n, "dropped:reason": n}}."""
    books = {}
    for name, labels, value in samples(f"http://127.0.0.1:{own_port}/metrics"):
        if not name.startswith("weir_spans_") or "exporter" not in labels:
            continue
        book = books.setdefault((labels["pipeline"], labels["exporter"]), {})
        if name.startswith("weir_spans_settled"):
            key = labels["outcome"] + (":" + labels["reason"] if labels.get("reason") else "")
            book[key] = book.get(key, 0) + value
        else:
            book[name.removeprefix("weir_spans_").removesuffix("_total")] = value
    for key, book in books.items():
        settled = sum(v for k, v in book.items() if k not in ("admitted", "held"))
        assert book["admitted"] == settled + book["held"], f"law 4 does not hold at {key}: {book}"
    return books


def own_telemetry(port):
    return f"telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {port}}}}}}}}}]}}}}"


def promql(port, query):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
    return [(r["metric"], float(r["value"][1])) for r in get_json(url)["data"]["result"]]


@contextlib.contextmanager
def prometheus(tmp, port):
    config = os.path.join(tmp, "prometheus.yml")
    with open(config, "w") as f:
        f.write("global: {scrape_interval: 1s}\n")
    with process("prometheus", f"--config.file={config}", f"--storage.tsdb.path={tmp}/tsdb", f"--web.listen-address=127.0.0.1:{port}",
                 "--web.enable-remote-write-receiver", "--enable-feature=exemplar-storage", log=os.path.join(tmp, "prometheus.log")):
        wait_until("Prometheus is ready", lambda: http(f"http://127.0.0.1:{port}/-/ready"))
        yield


def temporary():
    return tempfile.TemporaryDirectory(prefix="weir-e2e-")
