#!/usr/bin/env bash
# Keras calls a PyDataset's on_epoch_end before the first epoch, and between two epochs of validation twice.
#
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, with and without workers. "Method called at the end of every epoch", its documentation says.
# The calls of a fit of three epochs are: end, begin, end, begin, end, begin, end; of the validation after each of them end, begin, end;
# of evaluate end, begin, end; and of predict begin, end. So what on_epoch_end counts is one ahead in training and twice too much in
# validation: a curriculum that makes its pictures harder at the end of an epoch never trains on the first stage, and a data set that is
# shuffled there by the epoch's number has another order than was written down.
#
# The good guess is that an end has a beginning before it, and that Keras' own data sets are told of the epochs that its callbacks are told
# of. `training._run_callbacks` sets the epoch of the batches by a callback's on_epoch_begin instead.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q keras==3.15.1 tensorflow-cpu==2.21.0 numpy==2.4.6
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 env/bin/python - <<'PYTHON'
import keras
import numpy as np


class Batches(keras.utils.PyDataset):
    def __init__(self, **options):
        super().__init__(**options)
        self.calls, self.stage = [], 0

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.zeros((4, 2), np.float32), np.full((4, 1), self.stage, np.float32)  # so the loss is the stage squared

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")
        self.stage += 1


class Epochs(keras.callbacks.Callback):
    def __init__(self):
        self.calls = []

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append("begin")

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append("end")


once = ["begin", "end"]
for options in ({}, {"workers": 2}):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    epochs, training, validation, tested, asked = Epochs(), *(Batches(**options) for _ in range(4))
    losses = model.fit(training, epochs=3, validation_data=validation, callbacks=[epochs], verbose=0).history["loss"]
    model.evaluate(tested, verbose=0)
    model.predict(asked, verbose=0)
    print(options or "without workers")
    for name, one in (("a callback", epochs), ("fit", training), ("validation", validation), ("evaluate", tested), ("predict", asked)):
        print(f"  {name:11}", *one.calls)
    stages = [round(loss**0.5) for loss in losses]
    print("  stages that were trained on, an epoch each:", *stages)
    assert epochs.calls == 3 * once and asked.calls == once
    assert training.calls == ["end", *(3 * once)], "training begins otherwise now"
    assert validation.calls == 3 * ["end", *once] and tested.calls == ["end", *once], "validation is told otherwise now"
    assert stages == [1, 2, 3], "the first stage is trained on now"
PYTHON
