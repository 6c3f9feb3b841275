"""32 pages at once: `python tests/measure_sessions.py [SECONDS] [PYTHON]` says how old answers are, and what memory did.

Each session is a page: it takes five frames a second, has two under way at most, and leaves out those that come meanwhile.
With the Python of another build both servers run in turn, first that one and then this, each as long.
"""
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack

from fastcore.basics import patch

from fer_nb.benchmark import _COMMAND, Connection, serving
from fer_nb.serve_benchmark import _LoadSession, _run_sessions

SESSIONS, RATE = 32, 5
WARM = 20.0  # seconds; every buffer has been used by then


@patch
def send(self: _LoadSession, first, start, seconds):
    "Every second frame, over a connection of its own; the benchmark's would send those that it is late for, too."
    with Connection(self.port) as connection:
        for number in range(first, int(seconds * self.rate), 2):
            due = start + self.start + number / self.rate
            if time.perf_counter() > due + 1 / self.rate:  # the other connection's turn has come
                self.drops.append(number)
                continue
            time.sleep(max(0, due - time.perf_counter()))
            answer = connection.ask(f"{self.path}&frame={number}", self.jpegs[number % len(self.jpegs)])
            self.take(answer, number, time.perf_counter() - due)


def measure(name, command, seconds):
    "Print the figures of one build."
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())  # in no checkout, whose modules would be taken
        server = stack.enter_context(serving("--source", "demo", command=command, cwd=folder))
        _run_sessions(server, WARM, SESSIONS, RATE)
        found = _run_sessions(server, seconds, SESSIONS, RATE)
    lost = found["drops"] / found["sent"]
    print(f"{name}: age median {found['age_median_ms']:.0f} ms, p95 {found['age_p95_ms']:.0f} ms, "
          f"of the slowest session {found['slowest_session_p95_ms']:.0f} ms;")  # fmt: skip
    print(f"  {found['results']} answers to {found['sent']} frames, {lost:.1%} dropped for newer ones; "
          f"memory {found['memory_mb'][0]:.0f} to {found['memory_mb'][1]:.0f} MB ({found['memory_growth']:+.1%}), "
          f"{found['cores_used']:.2f} cores", flush=True)  # fmt: skip


def named(python):
    "Where a Python has its fer_nb."
    with tempfile.TemporaryDirectory() as folder:
        code = "import fer_nb; print(fer_nb.__path__[0])"
        return subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{SESSIONS} sessions of {RATE} frames a second, {seconds:.0f} s; {machine}", flush=True)
    for python in [*sys.argv[2:3], sys.executable]:
        measure(named(python), (python, *_COMMAND[1:]), seconds)
