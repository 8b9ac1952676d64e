# SPDX-License-Identifier: Apache-2.0
"""What SDKs themselves leave out on the way to the wire. Each is shown by a run without weir, so that nothing of weir's can hide here."""
import os
from concurrent import futures

import spans
from backend import Backend
from languages import Case


def without_link_states(span):
    """Go and Python send no trace state of links."""
    return {**span, "links": [[trace, own, "", attributes] for trace, own, _, attributes in span["links"]]}


def without_flags(span):
    """Python sends of the flags only those about the parent."""
    return {**without_link_states(span), "flags": 0}


def empty_to_nothing(value):
    if value[0] == "a":
        return ["a", [empty_to_nothing(each) for each in value[1]]]
    return spans.NOTHING if value == ["s", ""] else value


def without_empty_texts(span):
    """Java sends an empty text as a value of no kind."""
    return {**span, "attributes": {k: empty_to_nothing(v) for k, v in span["attributes"].items()}}


LOSSES = {"python": without_flags, "go": without_link_states, "java": without_empty_texts}


def expected(case, truth):
    """The truth as the SDK puts it on the wire."""
    lose = LOSSES.get(case.language.folder, lambda span: span)
    return {own: lose(span) for own, span in truth.items()}


def check(case, tmp):
    """Straight to a backend: the SDK loses just what is written above."""
    directory, backend = os.path.join(tmp, "direct-" + case.name), Backend()
    os.makedirs(directory)
    program = case.start(backend.port, 40, directory)
    truth = spans.read_truth(program.finish())
    arrived = list(backend.spans())
    backend.stop()
    wrong = spans.differences(expected(case, truth), arrived)
    assert not wrong, f"{case.name} without weir: {wrong[:3]}"
    assert case.language.folder not in LOSSES or spans.differences(truth, arrived), f"{case.name} loses nothing any more: see losses.py"


def check_all(languages, tmp, verdict):
    with futures.ThreadPoolExecutor(4) as pool:
        running = {pool.submit(check, Case(language, "grpc"), tmp): language.name for language in languages}
        for done in futures.as_completed(running):
            if failure := done.exception():
                verdict.expect(False, f"{running[done]}: {failure}")
