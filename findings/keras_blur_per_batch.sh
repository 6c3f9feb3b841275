#!/usr/bin/env bash
# Keras' RandomGaussianBlur blurs all pictures of a batch alike, and in one direction more than in the other.
#
# Seen with Keras 3.15.1 on JAX 0.10.2, and on TensorFlow 2.21.0. Its documentation says that sigma is drawn for each image between the
# two numbers of the tuple. Two numbers are drawn for a whole batch: one for the columns and one for the rows. Sixteen copies of
# one picture, all of them to be blurred (factor=(1, 1)), come out as one and the same, and in six of twenty draws
# one direction is left at least twice as rough as the other, as a camera that moved would do it and no lens that is out of focus. RandomBrightness,
# RandomContrast and RandomRotation draw for each picture, as one expects.
#
# The good guess is that `sigma=(0.1, 3)` shows a network every blur in every batch. With 28,709 faces in batches of 128 an epoch has
# 225 strengths of blur instead of 28,709, and the gradient of a step knows one. What helps is to call the layer for single pictures,
# before they are batched, which leaves the direction. fer_nb blurs each face by itself with OpenCV (nbs/03a_degradation.ipynb).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu env/bin/python - <<'PYTHON'
import keras
import numpy as np

noise = np.random.default_rng(0).uniform(0, 255, (1, 48, 48, 1)).astype(np.float32)
batch = np.repeat(noise, 16, axis=0)
layers = {
    "RandomGaussianBlur": keras.layers.RandomGaussianBlur(factor=(1, 1), kernel_size=19, sigma=(0.1, 3), seed=1),
    "RandomBrightness": keras.layers.RandomBrightness(0.3, seed=1),
    "RandomContrast": keras.layers.RandomContrast(0.3, seed=1),
    "RandomRotation": keras.layers.RandomRotation(0.1, seed=1),
}


def changed(layer, pictures):
    return np.asarray(layer(pictures, training=True))


def distinct(pictures):
    return len({picture.tobytes() for picture in pictures})


def roughness(picture, axis):
    "How much neighbours differ along an axis."
    return float(np.abs(np.diff(picture, axis=axis)).mean())


found = {name: distinct(changed(layer, batch)) for name, layer in layers.items()}
for name, count in found.items():
    print(f"{name:18} makes {count:2} different pictures of 16 that are the same")
blur = layers["RandomGaussianBlur"]
single = distinct(np.concatenate([changed(blur, noise) for _ in range(16)]))
pairs = [(roughness(picture, 0), roughness(picture, 1)) for picture in (changed(blur, noise)[0] for _ in range(20))]
uneven = sum(max(pair) > 2 * min(pair) for pair in pairs)
print(f"one by one the blur makes {single}; in {uneven} of 20 one direction is at least twice as rough as the other")
assert found["RandomGaussianBlur"] == 1, "the blur is drawn for each picture now"
assert min(count for name, count in found.items() if name != "RandomGaussianBlur") == single == 16
assert uneven >= 5, "the blur is round now"
PYTHON
