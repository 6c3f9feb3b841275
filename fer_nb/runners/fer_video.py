"""The package `fer` on a video: `fer_video.py`, in a Python that has `fer`; it writes into the folder where it runs.

Each line on stdin is the path of a video; the answer is a line of JSON: `frames`, `seconds` and `memory_mb`, the peak of this process."""
import json
import logging
import re
import sys
import time
from pathlib import Path

logging.disable(logging.CRITICAL)  # a library's remarks are not part of the answer

from fer.classes import Video  # after the logging is off
from fer.fer import FER

detector = FER()
for line in sys.stdin:
    video = Video(line.strip())
    start = time.perf_counter()
    rows = video.analyze(detector, display=False)
    seconds = time.perf_counter() - start
    memory = int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) / 2**10
    print("\n" + json.dumps({"frames": len(rows), "seconds": seconds, "memory_mb": memory}), flush=True)
