# SPDX-License-Identifier: Apache-2.0
"""The table of docs/senders.md: measured, printed, and compared with what stands there."""
import os
import re
from concurrent import futures

import languages
import refusals

DOCUMENT = os.path.join(languages.ROOT, "docs/senders.md")
LONG = 75      # seconds of refusing: longer than any sender's patience with default settings
TIMEOUT = 60   # seconds: what both timeouts are set to where that is measured
HEAD = """| sender | sent again when refused once | refused for 75 s | the same, timeouts of 60 s | stopped while refused | to set |
|---|---|---|---|---|---|"""
ADVICE = {"Python gRPC": "-", "Python HTTP/protobuf": "-", "JS gRPC": "HTTP instead", "JS HTTP/json": "-", "JS HTTP/protobuf": "-",
          "Java gRPC": "-", "Java HTTP/protobuf": "-", "Go gRPC": "both timeouts", "Go HTTP/protobuf": "both timeouts"}


def cases_of(found):
    return [languages.Case(language, protocol) for language in found for protocol in language.protocols]


def side_by_side(cases, what, tmp, verdict):
    """{sender: what(case, its own directory)}, without those that failed."""
    results = {}
    with futures.ThreadPoolExecutor(len(cases)) as pool:
        running = {}
        for case in cases:
            directory = os.path.join(tmp, case.name + f"-{len(os.listdir(tmp))}")
            os.makedirs(directory)
            running[pool.submit(what, case, directory)] = case
        for done in futures.as_completed(running):
            try:
                results[running[done].sender] = done.result()
            except Exception as e:  # one sender's failure is not the others'
                verdict.expect(False, f"{running[done].name}: {e}")
    return results


def stated():
    """{sender: whether the document says that it sends a refused batch again}"""
    with open(DOCUMENT, encoding="utf-8") as f:
        rows = re.findall(r"^\| ([^|]+?) \| (yes|no)\b", f.read(), re.M)
    return {sender: word == "yes" for sender, word in rows}


def check_document(found, tmp, verdict):
    said = stated()
    measured = side_by_side(cases_of(found), refusals.refused_once, tmp, verdict)
    for sender, result in sorted(measured.items()):
        print(f"  {sender}: " + (f"sent again after {result['after']} s" if result["resent"] else "lost"), flush=True)
        verdict.expect(sender in said, f"docs/senders.md has no row of {sender}")
        verdict.expect(said.get(sender) == result["resent"],
                       f"docs/senders.md says that {sender} sends again: {said.get(sender)}; it did: {result['resent']}")
        verdict.expect(result["lost"] in (0, refusals.SPANS), f"{sender}: {result['lost']} of {refusals.SPANS} spans did not come")
        for text in result["wrong"][:3]:
            verdict.expect(False, f"{sender}, after a refusal: {text}")
    verdict.figures["refused"] = len(measured)


def again(results):
    """Of several single refusals."""
    if not any(r["resent"] for r in results):
        return "no"
    assert all(r["resent"] for r in results), f"sends again only sometimes: {results}"
    least, most = (round(pick(r["after"] for r in results)) for pick in (min, max))
    return f"yes, after {least} s" if least == most else f"yes, after {least} to {most} s"


def attempts(result):
    at = result["at"]
    return "1 attempt" if len(at) == 1 else f"{len(at)} attempts in {at[-1]:.0f} s"


def row(case, once, long, longer, stop):
    held = attempts(stop) + (", ends at once" if stop["held"] < 1 else f", ends after {stop['held']:.0f} s")
    return f"| {case.sender} | {again(once)} | {attempts(long)} | {attempts(longer)} | {held} | {ADVICE[case.sender]} |"


def patient(case):
    return {"OTEL_EXPORTER_OTLP_TIMEOUT": str(TIMEOUT * case.language.second), "OTEL_BSP_EXPORT_TIMEOUT": str(TIMEOUT * 1000)}


def print_measured(found, tmp, verdict):
    cases = cases_of(found)
    once = [side_by_side(cases, refusals.refused_once, tmp, verdict) for _ in range(3)]
    stop = side_by_side(cases, refusals.refused_at_stop, tmp, verdict)
    long = side_by_side(cases, lambda case, own: refusals.refused_long(case, own, LONG), tmp, verdict)
    longer = side_by_side(cases, lambda case, own: refusals.refused_long(case, own, LONG, **patient(case)), tmp, verdict)
    for each in (*once, stop, long, longer):
        print(each)
    print("\n" + HEAD)
    for case in cases:
        if all(case.sender in each for each in (*once, stop, long, longer)):
            print(row(case, [each[case.sender] for each in once], *(each[case.sender] for each in (long, longer, stop))))
