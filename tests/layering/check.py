#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house that a machine can check: who may include whom, which folder may use which library, sizes of files and
functions, SPDX lines, banned words. Exit 1 with one line per breach."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODE = (".h", ".cpp")

# What a folder may include besides itself and include/weir. Components never include one another.
ALLOWED = {
    "base": set(),
    "otlp": {"base"},
    "config": {"base"},
    "net": {"base"},
    "journal": {"base"},
    "ottl": {"base", "otlp", "config"},
    "receivers": {"base", "otlp", "config", "net"},
    "processors": {"base", "otlp", "config", "ottl"},
    "connectors": {"base", "otlp", "config"},
    "exporters": {"base", "otlp", "config", "net"},
    "extensions": {"base", "config", "net"},
    "telemetry": {"base"},
    "daemon/wiring": {"base", "otlp", "config", "journal"},
    "daemon": {"base", "otlp", "config", "net", "journal", "receivers", "processors", "connectors", "exporters", "extensions", "telemetry"},
}
# Each third-party library is included by one folder.
LIBRARIES = {
    r"protozero/": {"otlp"},
    r"boost/json": {"otlp"},
    r"boost/": {"net", "otlp"},
    r"nghttp2/": {"net"},
    r"openssl/": {"net"},
    r"(zlib|libdeflate|zstd|snappy)\.h": {"net"},
    r"grpc(pp)?/": {"exporters/otlp_grpc"},
    r"yaml-cpp/": {"config"},
    r"prometheus/": {"telemetry"},
    r"re2/": {"processors", "ottl"},
    r"isa-l": {"journal"},
    r"crypt\.h": {"extensions/basicauth"},
}
BANNED = [
    (re.compile(r"\busing namespace\b"), "using namespace"),
    (re.compile(r"\bsleep_for\b|\busleep\(|\bsleep\("), "sleeping is no synchronisation"),
    (re.compile(r"\babsl::Mutex\b"), "absl::Mutex (not instrumented for ThreadSanitizer)"),
    (re.compile(r"\bstd::regex\b"), "std::regex (exponential on hostile input)"),
    (re.compile(r"\bstd::cout\b"), "std::cout"),
]
MAX_FILE, MAX_FUNCTION, MAX_LINE = 400, 70, 120


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [f for f in out.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, f))]


def folder_of(path):
    """src/processors/batch/batch.cpp -> ("processors", "processors/batch")."""
    parts = path.split("/")[1:-1]
    if parts[:2] == ["daemon", "wiring"]:
        return "daemon/wiring", "daemon/wiring"
    return parts[0], "/".join(parts[:2])


def check_includes(path, lines):
    area, component = folder_of(path)
    for number, line in enumerate(lines, 1):
        if m := re.match(r'#include "([^"]+)"', line):
            target = m[1]
            if target.startswith(("weir/", "absl/")) or "/" not in target:
                continue
            other_area, other_component = folder_of("src/" + target)
            same = other_area == area and (other_component == component or other_component.count("/") == 0 or area in ("base", "net", "otlp", "config"))
            if not same and other_area != area and other_area not in ALLOWED[area] and not (area == "daemon" and other_area == "daemon/wiring"):
                yield number, f"{area} may not include {other_area} ({target})"
            elif other_area == area and not same:
                yield number, f"{component} may not include its neighbour {other_component}"
        elif m := re.match(r"#include <([^>]+)>", line):
            for pattern, folders in LIBRARIES.items():
                if re.match(pattern, m[1]):
                    if not folders & {area, component}:
                        yield number, f"<{m[1]}> belongs to {', '.join(sorted(folders))}"
                    break


def check_functions(lines):
    """A function's body: from a line that ends in `{` at namespace or class depth to its closing brace (two spaces a level)."""
    start = None
    for number, line in enumerate(lines, 1):
        body = line.rstrip("\n")
        if start is None and re.match(r"^( {0,2})[\w:<>~*&\[\]].*\)[\w\s&:<>,*{}()\"'.-]*\{$", body) and not re.match(r"^\s*(namespace|class|struct|enum|if|for|while|switch|else|do)\b", body):
            start, indent = number, len(body) - len(body.lstrip())
        elif start is not None and re.match(rf"^ {{{indent}}}\}}", body):
            if number - start + 1 > MAX_FUNCTION:
                yield start, f"function of {number - start + 1} lines"
            start = None


def check_code(path, lines):
    if len(lines) > MAX_FILE and not path.startswith("tests/"):
        yield 1, f"{len(lines)} lines, at most {MAX_FILE}"
    for number, line in enumerate(lines, 1):
        if len(line.rstrip("\n")) > MAX_LINE and '"' not in line and not path.startswith("tests/"):  # a long text is better in one piece
            yield number, f"line of {len(line) - 1} columns"
        for pattern, why in BANNED if path.startswith(("src/", "include/")) else []:
            if pattern.search(line.split("//")[0]):
                yield number, why
    yield from check_functions(lines)
    if path.startswith("src/"):
        yield from check_includes(path, lines)


def check(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        lines = f.readlines()
    needs_spdx = path.endswith((*CODE, ".py", ".sh", ".cmake", ".proto")) or path.startswith(("scripts/", ".ci/"))
    if needs_spdx and not path.startswith("tests/conformance/") and not any("SPDX-License-Identifier: Apache-2.0" in x for x in lines[:3]):
        yield 1, "no SPDX line"
    if path.endswith(CODE):
        yield from check_code(path, lines)


def main():
    breaches = [f"{path}:{number}: {why}" for path in tracked() for number, why in check(path)]
    print("\n".join(breaches) if breaches else "layering: clean")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
