"""The package `fer` on one frame: `fer_frame.py IMAGE`, in a Python that has `fer`.

Each line on stdin is a number of times to recognize the image; the answer is a line of JSON: `ms`, a list, and `faces`."""
import json
import logging
import sys
import time

logging.disable(logging.CRITICAL)  # a library's remarks are not part of the answer

import cv2  # after the logging is off
from fer.fer import FER  # the package itself exports nothing

detector, frame = FER(), cv2.imread(sys.argv[1])
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        start = time.perf_counter()
        faces = detector.detect_emotions(frame)
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"ms": times, "faces": len(faces)}), flush=True)
