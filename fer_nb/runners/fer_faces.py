"""The MTCNN of the package `fer` on pictures: `fer_faces.py`, in a Python that has `fer` and `mtcnn`.

Each line on stdin is the path of an image; the answer is a line of JSON: `boxes`, each left, top, width and height, and `processor_ms`."""
import json
import logging
import sys
import time

logging.disable(logging.CRITICAL)  # a library's remarks are not part of the answer

import cv2  # after the logging is off
from fer.fer import FER

detector = FER(mtcnn=True)
for line in sys.stdin:
    frame = cv2.imread(line.strip())
    start = time.process_time()
    boxes = [[int(side) for side in box] for box in detector.find_faces(frame)]
    print("\n" + json.dumps({"boxes": boxes, "processor_ms": 1000 * (time.process_time() - start)}), flush=True)
