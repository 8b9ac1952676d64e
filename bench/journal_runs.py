# SPDX-License-Identifier: Apache-2.0
"""What the journal costs and what it gives, for run.py: CPU of an acknowledgement, its latency over the time of a sync, the drain of a
backlog, memory while much is spilled, and the time of a replay."""
import contextlib
import os
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import run

CONFIG = """receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{sink}", compression: none, tls: {{insecure: true}},
    retry_on_failure: {{initial_interval: 50ms, max_interval: 500ms}}}}
{extensions}
service:
  {service}
  telemetry: {{metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {own}}}}}}}}}]}}, logs: {{level: error}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
"""
STORAGE = 'extensions: {{file_storage: {{directory: "{journal}", create_directory: true}}}}'
SAMPLE = re.compile(r"^(weir_spans_\w+)\{(.*)\} (\S+)$", re.M)


def note(text):
    print("  " + text, file=sys.stderr)


class Weir:
    """weir with or without a journal; the sink is a process of its own that may come later."""

    def __init__(self, tmp, ack="durable", journal=True, service="", delay_ms=None, core=None):
        self.port, self.sink, self.own = run.free_ports(3)
        self.journal, self.core, self.env = os.path.join(tmp, "journal"), core, dict(os.environ)
        storage, parts = "", [service] if service else []
        if journal:
            storage = STORAGE.format(journal=self.journal)
            parts += ["extensions: [file_storage]", f"journal: {{storage: file_storage, ack: {ack}}}"]
        self.config = run.with_files(CONFIG, tmp, "weir.yaml", port=self.port, sink=self.sink, own=self.own, extensions=storage,
                                     service="\n  ".join(parts))
        if delay_ms is not None:
            self.env.update(LD_PRELOAD=os.path.join(run.BUILD, "bench/libslow_sync.so"), WEIR_SYNC_DELAY_MS=str(delay_ms))

    def start(self):
        return run.process(os.path.join(run.BUILD, "weir"), "--config", self.config, port=self.port, core=self.core, env=self.env)

    def with_sink(self, core=None):
        return run.process(os.path.join(run.BUILD, "bench/weir_sink"), str(self.sink), port=self.sink, core=core)

    def spans(self, name, **labels):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.own}/metrics", timeout=10) as reply:
            text = reply.read().decode()
        return sum(float(v) for n, l, v in SAMPLE.findall(text) if n == name and all(f'{k}="{w}"' in l for k, w in labels.items()))

    def wait_until(self, check, limit=120, every=.02):
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                if check():
                    return time.monotonic()
            time.sleep(every)
        raise SystemExit("weir never came so far")


def cpu(args):
    """ns of CPU a span at 512 spans a request: without a journal, acknowledged from memory, and durable; interleaved."""
    rounds, ways = [], {"no_journal": {"journal": False}, "memory": {"ack": "memory"}, "durable": {"ack": "durable"}}
    for _ in range(args.rounds):
        costs = {}
        for name, how in ways.items():
            with tempfile.TemporaryDirectory() as tmp:
                weir = Weir(tmp, service="shards: 1", core=args.core, **how)
                with weir.with_sink(args.peer_core), weir.start() as p:
                    run.load(weir.port, args.spans // 2)  # warm
                    run.wait_quiet(p.pid)
                    before = run.cpu_seconds(p.pid)
                    sent = run.load(weir.port, args.spans)["spans"]
                    run.wait_quiet(p.pid)
                    costs[name] = (run.cpu_seconds(p.pid) - before) / sent * 1e9
        note("journal: " + ", ".join(f"{k} {v:.0f} ns" for k, v in costs.items()) + f", durable/memory {costs['durable'] / costs['memory']:.2f}")
        rounds.append(costs)
    return {**{f"{k}_ns_per_span": statistics.median(r[k] for r in rounds) for k in ways}, "rounds": len(rounds),
            "durable_to_memory": statistics.median(r["durable"] / r["memory"] for r in rounds),
            "durable_to_no_journal": statistics.median(r["durable"] / r["no_journal"] for r in rounds)}


def disk_sync_ms():
    """What the disk itself takes to sync a commit's worth, written over."""
    took, piece = [], b"x" * (256 << 10)
    with tempfile.TemporaryFile() as f:
        f.write(bytes(16 << 20))
        f.flush()
        os.fdatasync(f.fileno())
        for i in range(50):
            os.pwrite(f.fileno(), piece, i * len(piece))
            start = time.monotonic()
            os.fdatasync(f.fileno())
            took.append((time.monotonic() - start) * 1000)
    return statistics.median(took)


def ack(args):
    """Milliseconds until the answer at 100,000 spans/s, with 0, 5 and 20 ms added to each fdatasync."""
    results = {"disk_sync_ms": disk_sync_ms()}
    for delay in (0, 5, 20):
        found = []
        for _ in range(max(1, args.rounds // 2)):
            with tempfile.TemporaryDirectory() as tmp:
                weir = Weir(tmp, delay_ms=delay)
                with weir.with_sink(), weir.start():
                    run.load(weir.port, 100_000, "--rate", 100_000)  # warm
                    found.append(run.load(weir.port, args.spans, "--rate", 100_000, "--in-flight", 16))
        result = {k: statistics.median(f[k] for f in found) for k in ("p50_ms", "p99_ms", "spans_per_second")}
        result["p99_aim_ms"] = 2 * (delay + results["disk_sync_ms"]) + 3
        results[f"sync_plus_{delay}_ms"] = result
        note(f"ack: sync + {delay} ms: p50 {result['p50_ms']:.1f} ms, p99 {result['p99_ms']:.1f} ms (aim {result['p99_aim_ms']:.1f}) "
             f"at {result['spans_per_second']:.0f} spans/s")
    return results


def drain(args):
    """A backend that is gone for ten seconds while `rate` spans/s come in, and go on coming when it is back."""
    rate, outage = 40_000, 10
    found = []
    for _ in range(max(1, args.rounds // 2)):
        with tempfile.TemporaryDirectory() as tmp:
            weir = Weir(tmp)
            with weir.start():
                loader = threading.Thread(target=run.load, args=(weir.port, rate * (outage + 30), "--rate", rate))
                loader.start()
                time.sleep(outage)
                with weir.with_sink():
                    held, start = weir.spans("weir_spans_held"), time.monotonic()
                    before = weir.spans("weir_spans_settled_total", outcome="exported")
                    end = weir.wait_until(lambda: weir.spans("weir_spans_held") < rate * .25)
                    gone = weir.spans("weir_spans_settled_total", outcome="exported") - before
                    loader.join()
            found.append({"backlog_spans": held, "drain_spans_per_second": gone / (end - start), "ratio": gone / (end - start) / rate})
            note(f"drain: {held:.0f} spans held, {found[-1]['drain_spans_per_second']:.0f} spans/s out, {found[-1]['ratio']:.1f} x what came in")
    return {**{k: statistics.median(f[k] for f in found) for k in found[0]}, "ingest_spans_per_second": rate, "aim": 3}


def spill(args):
    """Resident memory with ten times the limit queued behind a dead backend, then while that is delivered."""
    limit = 64 << 20
    spans = 10 * limit // run.WIRE_BYTES // 512 * 512
    with tempfile.TemporaryDirectory() as tmp:
        weir = Weir(tmp, service="memory_limit: 64MiB")
        with weir.start() as p:
            time.sleep(1)
            base = run.memory(p.pid, "VmRSS")
            replies = run.load(weir.port, spans, refusals=True)["replies"]
            queued = run.memory(p.pid, "VmHWM")
            held = weir.spans("weir_spans_held")
            note(f"spill: {held:.0f} of {spans} spans held, peak RSS {queued / 1e6:.0f} MB, base {base / 1e6:.0f} MB, replies {replies}")
            with weir.with_sink():
                weir.wait_until(lambda: weir.spans("weir_spans_held") == 0, 180, .2)
                exported = weir.spans("weir_spans_settled_total", outcome="exported")
            peak = run.memory(p.pid, "VmHWM")
            note(f"spill: peak RSS {peak / 1e6:.0f} MB after {exported:.0f} spans were delivered")
    return {"limit_mb": limit / 1e6, "spilled_mb": spans * run.WIRE_BYTES / 1e6, "base_rss_mb": base / 1e6, "peak_rss_queued_mb": queued / 1e6,
            "peak_rss_drained_mb": peak / 1e6, "within": peak <= limit + base, "refused": sum(n for s, n in replies.items() if s != "0"),
            "lost_spans": held - exported}


def replay(args):
    """Seconds from the start to the end of the replay of a 1 GB journal, on two cores, and to the first acknowledgement meanwhile."""
    spans = 10 ** 9 // run.WIRE_BYTES // 512 * 512
    found = []
    with tempfile.TemporaryDirectory() as tmp:
        weir = Weir(tmp, core="0,1")
        with weir.start() as p:
            run.load(weir.port, spans)
            p.kill()
            p.wait()
        for _ in range(args.rounds):
            start = time.monotonic()
            with weir.start() as p:
                listening = time.monotonic() - start
                run.load(weir.port, 512, "--connections", 1, "--in-flight", 1)
                acked = time.monotonic() - start
                over = weir.wait_until(lambda: weir.spans("weir_spans_received_total", source="replay") >= spans) - start
                spans += 512
                p.kill()
                p.wait()
            found.append({"listening_s": listening, "first_ack_s": acked, "replay_s": over})
            note(f"replay: {spans} spans, listening after {listening:.2f} s, first ack after {acked:.2f} s, over after {over:.2f} s")
    return {**{k: statistics.median(f[k] for f in found) for k in found[0]}, "journal_mb": spans * run.WIRE_BYTES / 1e6, "aim_s": 2}


MODES = {"journal": cpu, "ack": ack, "drain": drain, "spill": spill, "replay": replay}
