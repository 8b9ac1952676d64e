# SPDX-License-Identifier: Apache-2.0
"""What the crash tests share: a weir that is killed and comes back on the same ports and journal, a sink that outlives it, and a verdict
of one line. The scripts beside this file need what tests/requirements.txt names; they find build/venv, which scripts/test makes."""
import argparse
import json
import os
import pickle
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
try:
    import grpc  # noqa: F401
except ImportError:
    _venv = os.path.join(ROOT, "build/venv/bin/python")
    if not os.path.exists(_venv) or os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(ROOT, "build/venv")):
        sys.exit("no grpcio here: run scripts/test once, it makes build/venv, or use a Python with tests/requirements.txt")
    os.execv(_venv, [_venv, *sys.argv])
sys.path.insert(0, os.path.join(ROOT, "tests/e2e"))
import common  # noqa: E402


def arguments(doc, **options):
    """An ArgumentParser's result with --seed (made and printed where not given) and --keep; options: name=(default, help)."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, help="repeats a run's random choices")
    parser.add_argument("--keep", action="store_true", help="leave the working directory; it is left after a failure in any case")
    for name, (default, text) in options.items():
        flag = "--" + name.replace("_", "-")
        if isinstance(default, bool):
            parser.add_argument(flag, action="store_true", help=text)
        elif isinstance(default, (list, tuple)):
            parser.add_argument(flag, choices=default, default=default[0], help=text)
        else:
            parser.add_argument(flag, type=type(default), default=default, help=text)
    args = parser.parse_args()
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1 << 31)
    say(f"--seed {args.seed}")
    return args


START = time.monotonic()
_given = set()


def free_ports(count):
    """Below the range that outgoing connections take theirs from: they stay free while what listens on them is down."""
    found = []
    while len(found) < count:
        port = random.SystemRandom().randrange(12000, 32000)
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if port not in _given and s.connect_ex(("127.0.0.1", port)) != 0:
                _given.add(port)
                found.append(port)
    return found


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


class Verdict:
    """Collects figures and failures; finish() prints the last line and gives the exit code."""

    def __init__(self, name, seed):
        self.name, self.seed, self.figures, self.failures = name, seed, {}, []

    def expect(self, good, text):
        if not good:
            self.failures.append(text)
        return good

    def finish(self):
        for text in self.failures[:20]:
            print("  FAILED: " + text)
        figures = " ".join(f"{k}={v}" for k, v in self.figures.items())
        print(f"{self.name}: {'FAILED' if self.failures else 'passed'} --seed {self.seed} {figures} ({time.monotonic() - START:.0f} s)", flush=True)
        return 1 if self.failures else 0


def run(name, args, body):
    """body(directory, verdict) in a fresh directory, which stays after a failure. Exits."""
    verdict = Verdict(name, args.seed)
    tmp = tempfile.mkdtemp(prefix=f"weir-{name}-")
    try:
        body(tmp, verdict)
    except AssertionError as e:
        verdict.failures.append(str(e))
    finally:
        for each in list(Process.alive):
            each.kill()
    code = verdict.finish()
    if args.keep or code:
        print(f"  left in {tmp}")
    else:
        shutil.rmtree(tmp, ignore_errors=True)
    sys.stdout.flush()
    os._exit(code)


class Process:
    """A process group of ours that can be killed with all that it started."""
    alive = set()

    def __init__(self, argv, log, env=None, **more):
        self.log = log
        with open(log, "ab") as out:
            self.p = subprocess.Popen(argv, stdout=more.pop("stdout", out), stderr=out, env={**os.environ, **(env or {})},
                                      start_new_session=True, **more)
        Process.alive.add(self)

    def kill(self):
        if self.p.poll() is None:
            os.killpg(self.p.pid, signal.SIGKILL)
        self.p.wait()
        Process.alive.discard(self)


class Sink(Process):
    def __init__(self, tmp, grpc_port, http_port):
        self.tmp = tmp
        self.lock = threading.Lock()
        super().__init__([sys.executable, os.path.join(HERE, "sink.py"), str(grpc_port), str(http_port)], os.path.join(tmp, "sink.log"),
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._answer().get("ready"), "the sink does not start"

    def _answer(self):
        line = self.p.stdout.readline()
        assert line, f"the sink ended, see {self.log}"
        return json.loads(line)

    def ask(self, *words):
        with self.lock:
            self.p.stdin.write((" ".join(words) + "\n").encode())
            self.p.stdin.flush()
            return self._answer()

    def stats(self):
        return self.ask("stats")

    def dump(self):
        path = os.path.join(self.tmp, "sink.pickle")
        self.ask("dump", path)
        with open(path, "rb") as f:
            return pickle.load(f)

    def wait_for(self, enough, patience=60):
        """Until enough(stats) or `patience` seconds without anything new. -> whether it was enough."""
        last, since = None, time.monotonic()
        while True:
            stats = self.stats()
            if enough(stats):
                return True
            if stats["distinct"] != last:
                last, since = stats["distinct"], time.monotonic()
            if time.monotonic() - since > patience:
                return False
            time.sleep(.2)


class Weir:
    """weir on one configuration, ports and journal; started, killed and started again. Ready: /readyz says so."""

    def __init__(self, tmp, config, own_port, journal=None, name="weir", env=None, before=()):
        self.config, self.log = os.path.join(tmp, name + ".yaml"), os.path.join(tmp, name + ".log")
        with open(self.config, "w") as f:
            f.write(config)
        self.own, self.journal, self.env, self.before, self.process = own_port, journal, env, list(before), None
        self.starts = 0

    def start(self, ready=True):
        argv = self.before + [common.WEIR, "--config", self.config] + (["--journal", self.journal] if self.journal else [])
        self.process = Process(argv, self.log, self.env)
        self.starts += 1
        if ready:
            self.wait_ready()
        return self

    @property
    def pid(self):
        return self.process.p.pid

    def running(self):
        return self.process is not None and self.process.p.poll() is None

    def wait_ready(self, seconds=30):
        def ready():
            assert self.running(), f"weir ended with {self.process.p.returncode} at its start:\n{self.tail()}"
            return common.http(f"http://127.0.0.1:{self.own}/readyz", timeout=5)
        common.wait_until("weir is ready", ready, seconds, .01)

    def kill(self):
        assert self.running(), f"weir ended by itself with {self.process.p.returncode}:\n{self.tail()}"
        self.process.kill()

    def terminate(self, seconds=30):
        """SIGTERM -> (exit code, or None where it did not end in time, seconds it took)."""
        start = time.monotonic()
        assert self.running(), f"weir ended by itself with {self.process.p.returncode}:\n{self.tail()}"
        self.process.p.send_signal(signal.SIGTERM)
        try:
            code = self.process.p.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        took = time.monotonic() - start
        self.process.kill()
        return code, took

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def tail(self, lines=20):
        return "\n".join(self.text().splitlines()[-lines:])

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        found = common.samples(f"http://127.0.0.1:{self.own}/metrics")
        return sum(v for n, l, v in found if n == name and all(l.get(k) == w for k, w in labels.items()))

    def check_log(self, verdict):
        for line in self.text().splitlines():
            if any(bad in line for bad in ("do not balance", "AddressSanitizer", "runtime error:", "ThreadSanitizer")):
                verdict.expect(False, f"weir's log: {line}")
                break


def readyz(port):
    """-> (status, text); (0, reason) where nobody answers."""
    try:
        return 200, common.http(f"http://127.0.0.1:{port}/readyz", timeout=3).decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(errors="replace")
    except OSError as e:
        return 0, str(e)


class Watch:
    """Polls something every 50 ms on a thread of its own: [(when, value)]."""

    def __init__(self, ask, every=.05):
        self.ask, self.every, self.seen, self.stop_now = ask, every, [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop_now.wait(self.every):
            before = time.monotonic()
            value = self.ask()
            self.seen.append((before, value))

    def stop(self):
        self.stop_now.set()
        self.thread.join()
        return self.seen


def disk_bytes(directory):
    total = 0
    for root, _, files in os.walk(directory):
        for name in files:
            try:
                total += os.stat(os.path.join(root, name)).st_blocks * 512
            except OSError:
                pass
    return total
