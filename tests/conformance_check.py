#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the conformance cases (tests/conformance, recorded from a real otelcol) that must agree: all but those that
docs/differences.md lists under "Cases that do not agree"."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DIFF = os.path.join(ROOT, "tests/conformance/diff.py")
LISTED = re.compile(r"^\| `([\w*]+)` \|")


def differing():
    with open(os.path.join(ROOT, "docs/differences.md")) as f:
        sections = f.read().split("\n## ")
    listed = next(s for s in sections if s.startswith("Cases that do not agree"))
    return {m[1] for line in listed.splitlines() if (m := LISTED.match(line))}


def main():
    env = {**os.environ, "WEIR_BIN": os.environ.get("WEIR_BIN", os.path.join(ROOT, "build/release/weir"))}
    cases = sorted(os.listdir(os.path.join(ROOT, "tests/conformance/cases")))
    listed = differing()
    unknown = listed - set(cases)
    if unknown:
        sys.exit(f"docs/differences.md lists cases that do not exist: {', '.join(sorted(unknown))}")
    run = [c for c in cases if c not in listed]
    print(f"{len(run)} cases must agree, {len(listed)} are listed in docs/differences.md")
    return subprocess.run([sys.executable, DIFF, "check", *run, "--bin", "weir", "--lines", "12"], env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
