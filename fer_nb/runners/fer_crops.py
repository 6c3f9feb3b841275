"""The network of the package `fer` on crops of faces: `fer_crops.py`, in a Python that has `fer`.

Each line on stdin is the path of a NumPy file, (N, 48, 48) uint8; the answer is a line of JSON: `probabilities`, N dicts by expression."""
import json
import logging
import sys

logging.disable(logging.CRITICAL)  # a library's remarks are not part of the answer

import cv2  # after the logging is off
import numpy as np
from fer.fer import FER

network = FER(offsets=(0, 0))  # a crop is the face already, as in FER-2013; the margins are for a detector's boxes
for line in sys.stdin:
    crops = np.load(line.strip())
    found = [network.detect_emotions(cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR), [(0, 0, 48, 48)])[0] for crop in crops]
    print("\n" + json.dumps({"probabilities": [face["emotions"] for face in found]}), flush=True)
