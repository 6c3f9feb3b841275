"""Every face of a picture, as people bring them: far, tight, turned, dark, masked; through the recognizer and the command."""

import json

import cv2
import numpy as np
import pytest

from fer_nb.recognizer import Recognizer
from fer_nb.sources import DEMO_PHOTO

PHOTO = cv2.imread(str(DEMO_PHOTO))
FACE = np.array([173.0, 74, 104, 104])  # left, top, width, height of the face in it


@pytest.fixture(scope="module")
def recognizer():
    return Recognizer.load()


def shared(face, box):
    "Intersection over union of a found face's box and another one."
    low, high = np.maximum(face.box[:2], box[:2]), np.minimum(face.box[:2] + face.box[2:], box[:2] + box[2:])
    both = np.prod(np.maximum(high - low, 0))
    return both / (np.prod(face.box[2:]) + np.prod(box[2:]) - both)


def placed(width, left, top, size=(1080, 1920)):
    "The photograph so large that its face has that width, before a plain wall; and the face's box."
    scale = width / FACE[2]
    person = cv2.resize(PHOTO, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((*size, 3), (125, 130, 120), np.uint8)
    frame[top : top + person.shape[0], left : left + person.shape[1]] = person
    return frame, FACE * scale + [left, top, 0, 0]


@pytest.mark.parametrize("width", [120, 80, 60, 50, 40])
def test_a_face_far_away_is_found_and_named(recognizer, width):
    frame, box = placed(width, 1200, 300)
    [face] = recognizer.recognize(frame).faces
    assert shared(face, box) > 0.5 and face.label == "happy" and not face.unsure


def test_a_4k_picture_is_searched_as_finely(recognizer):
    frame, box = placed(44, 3100, 1700, (2160, 3840))
    [face] = recognizer.recognize(frame).faces
    assert shared(face, box) > 0.5


def test_smallest_says_how_far_to_look(recognizer):
    frame, box = placed(24, 1200, 300)
    [face] = Recognizer.load(smallest=24).recognize(frame).faces
    assert shared(face, box) > 0.5
    assert face.unsure and face.unjudged == "too far"  # found, and not claimed


@pytest.mark.parametrize("light", [0.3, 0.15, 0.07, 0.04])
def test_a_dark_picture_has_its_face(recognizer, light):
    [face] = recognizer.recognize(np.clip(PHOTO * light, 0, 255).astype(np.uint8)).faces
    assert shared(face, FACE) > 0.5 and face.label == "happy"


def test_a_covered_mouth_is_not_judged(recognizer):
    for colour in ((180, 200, 220), (90, 90, 90), (30, 40, 30)):
        masked = cv2.fillPoly(PHOTO.copy(), [np.array([(178, 135), (272, 135), (262, 182), (225, 195), (190, 182)])], colour)
        [face] = recognizer.recognize(masked).faces
        assert face.unsure and face.unjudged == "covered", face.as_dict()


@pytest.mark.parametrize("turn", [cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE])
def test_a_picture_that_lies_on_its_side_is_read(recognizer, turn):
    [face] = recognizer.recognize(cv2.rotate(PHOTO, turn)).faces
    assert face.label == "happy" and not face.unsure


def test_nobody_is_nobody(recognizer):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    for picture in (noise, np.full((480, 640, 3), 200, np.uint8), PHOTO[260:], np.zeros((16, 3000, 3), np.uint8)):
        assert recognizer.recognize(picture).faces == []


def test_a_crowd_and_a_panorama_are_answered(recognizer):
    head = cv2.resize(PHOTO[20:240, 115:335], (96, 96), interpolation=cv2.INTER_AREA)
    crowd = np.tile(head, (20, 25, 1))
    assert len(recognizer.recognize(crowd).faces) == 500
    panorama = np.full((3000, 12000, 3), 90, np.uint8)
    panorama[1000:1512, 9000:9512] = PHOTO
    [face] = recognizer.recognize(panorama).faces
    assert shared(face, FACE + [9000, 1000, 0, 0]) > 0.5


# a face that is cut out already


def test_a_cut_out_face_is_named_when_asked(recognizer):
    cut = cv2.resize(PHOTO[70:182, 169:281], (112, 112))
    recognition = recognizer.recognize(recognizer.prepare(cut, cropped=True))
    [face] = recognition.faces
    assert recognition.cropped and face.label == "happy" and face.box.tolist() == [0, 0, 112, 112]


def test_a_small_picture_without_a_face_is_taken_for_one(fer_nb, tmp_path):
    eye = cv2.resize(PHOTO[95:120, 185:215], (48, 40))  # so tight that nobody would find a face
    cv2.imwrite(str(tmp_path / "tight.png"), eye)
    cv2.imwrite(str(tmp_path / "wide.png"), cv2.resize(eye, (96, 80)))
    done = fer_nb("predict", "tight.png", "wide.png")
    assert "tight.png: in so small an image no face was found, so it was taken for one that is cut out already" in done.stdout
    assert "wide.png: no face" in done.stdout


def test_the_command_takes_faces_that_are_cut_out(fer_nb, tmp_path):
    cv2.imwrite(str(tmp_path / "cut.png"), cv2.resize(PHOTO[70:182, 169:281], (300, 300)))
    answer = json.loads(fer_nb("predict", "cut.png", "--cropped", "--json").stdout)
    assert answer["cropped"] and [face["width"] for face in answer["faces"]] == [300]


@pytest.mark.parametrize("words", ["0", "-4", "near", "4.5", "100000"])
def test_a_smallest_face_that_is_none_is_one_sentence(fer_nb, words):
    done = fer_nb("predict", DEMO_PHOTO, "--smallest", words)
    assert done.returncode == 2 and "--smallest" in done.stderr and "Traceback" not in done.stderr
