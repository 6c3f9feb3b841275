"""Damaged videos: each gives frames or an entry; none ends the run, hangs or takes all memory. Thousands in `make soak`."""
import os
import resource
import subprocess
import sys

import pytest
from helpers import environment
from mutations import good_videos, write_mutated_videos

FILES = int(os.environ.get("FER_SOAK_BODIES", 10_000))
PATIENCE, MEMORY = 30, 4 * 2**30  # seconds for one file; bytes of address space beyond which memory is not bounded any more
READER = """
import signal, sys, av
from fer_nb.annotate import Fault, annotated_frames
from fer_nb.recognizer import Recognizer
from fer_nb.sources import find_sources
av.logging.set_level(av.logging.PANIC)
recognizers = [Recognizer.load(threads=1)]
for source in find_sources(sys.argv[1:]):
    print(source, flush=True)
    signal.alarm(PATIENCE)
    told = list(annotated_frames([source], recognizers))
    assert told, "neither a frame nor an entry"
    for fault in told:
        assert not isinstance(fault, Fault) or fault.error.endswith("."), fault
print("all read")
"""


def read_damaged(folder, photo, project, count, seed):
    "Make that many files, and look at each in a process that may crash."
    videos = good_videos(folder, photo)
    (folder / "damaged").mkdir()
    write_mutated_videos(folder / "damaged", videos, count, seed)
    done = subprocess.run(
        [sys.executable, "-c", READER.replace("PATIENCE", str(PATIENCE)), str(folder / "damaged")], env=environment(project),
        capture_output=True, text=True, timeout=600 + count,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)),
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[-1] == "all read", (lines[-1:], done.returncode, done.stderr[-2000:])
    assert len(lines) == count + 1


def test_a_few_hundred(tmp_path, photo, project):
    read_damaged(tmp_path, photo, project, 300, seed=1)


@pytest.mark.soak
def test_thousands(tmp_path, photo, project):
    for seed in range(2, 12):  # a process for each tenth, so that what one leaves behind doesn't count for the next
        (tmp_path / str(seed)).mkdir()
        read_damaged(tmp_path / str(seed), photo, project, FILES // 10, seed)
