"""A recognizer and a camera for tests of what stands around them, which see the same whatever a network thinks of a face."""
import itertools
import time

import numpy as np

from fer_nb.camera import CameraError
from fer_nb.core import EXPRESSIONS
from fer_nb.faces import DetectedFace
from fer_nb.litert import find_model
from fer_nb.model_files import Metadata
from fer_nb.recognizer import Frame, Recognizer

LABELS = (*EXPRESSIONS, "bored")  # a class of somebody's own, too
SHARES = np.float32([0.05, 0.04, 0.03, 0.6, 0.1, 0.08, 0.06, 0.04])


class SteadyModel:
    "Says of every face that it is happy."

    name, metadata, folder = "steady", Metadata(labels=LABELS), find_model()  # whose network a page may load

    def predict_proba(self, faces):
        return np.tile(SHARES, (len(faces), 1))


class SteadyDetector:
    "Sees a face in the middle of every picture that is not of one colour."

    def reduced_side(self, shape):
        return None  # takes frames as large as they are

    def detect(self, frame):
        height, width = frame.shape[:2]
        box = np.array([0.35 * width, 0.25 * height, 0.3 * width, 0.5 * height])
        return [DetectedFace(box)] if np.ptp(frame) else []


class SteadyRecognizer(Recognizer):
    "Looks for faces in every frame, carries none, and does not ask how far they can be judged, as it sees bars and walls."

    def __init__(self):
        super().__init__(SteadyModel(), SteadyDetector())

    def look(self, picture, before=None, seconds=None):
        look = super().look(picture, None, seconds)
        look.faces = [DetectedFace(face.box) for face in look.faces]
        return look


class PlayedCamera:
    "Shows a bar that wanders, a wall, or nothing, as `shows` says; `open` counts those who have it open."

    def __init__(self, is_webcam=False):
        self.name, self.is_webcam, self.shows, self.open = "A played camera", is_webcam, "bar", 0

    def frames(self):
        self.open += 1
        try:
            for number in itertools.count():
                time.sleep(0.04)
                picture = np.full((480, 640, 3), 120, np.uint8)
                if self.shows == "nothing":
                    raise CameraError("The camera 0 gives no more frames; plug it in.")
                if self.shows == "bar":
                    picture[:, 8 * number % 600 :][:, :40] = 200
                yield Frame(self.name, number, number / 25, picture)
        finally:
            self.open -= 1
