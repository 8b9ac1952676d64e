# SPDX-License-Identifier: Apache-2.0
"""The table of docs/senders.md: measured, printed, and compared with what stands there."""
import os
import re
from concurrent import futures

import languages
import refusals

DOCUMENT = os.path.join(languages.ROOT, "docs/senders.md")
LONG = 75      # seconds of refusing: longer than any sender's patience with default settings
TIMEOUT = 60   # seconds that OTEL_EXPORTER_OTLP_TIMEOUT is set to where that is measured


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
        verdict.expect(said.get(sender) == result["resent"], f"docs/senders.md says of {sender} that it sends again: {said.get(sender)}; it did: {result['resent']}")
        verdict.expect(result["lost"] in (0, refusals.SPANS), f"{sender}: {result['lost']} of {refusals.SPANS} spans did not come")
        for text in result["wrong"][:3]:
            verdict.expect(False, f"{sender}, after a refusal: {text}")
    verdict.figures["refused"] = len(measured)


def attempts(result):
    at = result["at"]
    if len(at) == 1:
        return "lost at once"
    return f"{len(at)} attempts, the last after {at[-1]:.0f} s"


def row(sender, once, long, longer, stop):
    again = f"yes, after {once['after']} s" if once["resent"] else "no"
    held = f"{len(stop['at'])} attempt{'s' * (len(stop['at']) > 1)}, " + ("> 90 s" if stop["held"] is None else f"{stop['held']:.0f} s")
    return f"| {sender} | {again} | {attempts(long)} | {attempts(longer)} | {held} |"


def print_measured(found, tmp, verdict):
    cases = cases_of(found)
    once = side_by_side(cases, refusals.refused_once, tmp, verdict)
    stop = side_by_side(cases, refusals.refused_at_stop, tmp, verdict)
    long = side_by_side(cases, lambda case, own: refusals.refused_long(case, own, LONG), tmp, verdict)
    longer = side_by_side(cases, lambda case, own: refusals.refused_long(
        case, own, LONG, OTEL_EXPORTER_OTLP_TIMEOUT=str(TIMEOUT * case.language.second)), tmp, verdict)
    for each in (once, stop, long, longer):
        print(each)
    print("\n| sender | refused once: sent again | refused all the time | the same, with a timeout of 60 s | the program ends |\n|---|---|---|---|---|")
    for case in cases:
        if all(case.sender in each for each in (once, stop, long, longer)):
            print(row(case.sender, *(each[case.sender] for each in (once, long, longer, stop))))
