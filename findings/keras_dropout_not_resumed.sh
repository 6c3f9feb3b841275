#!/usr/bin/env bash
# No checkpoint of Keras holds the random state of Dropout, so a run that BackupAndRestore goes on with is another run.
#
# Seen with Keras 3.15.1 on JAX 0.10.2, and on TensorFlow 2.21.0. A seeded Dropout has a variable, the number of draws so far, among the
# model's non-trainable ones. Neither .weights.h5, which BackupAndRestore writes, nor .keras holds it: what is loaded begins at draw 0 again,
# and its third epoch drops what the first one dropped. Four epochs, and two and two with BackupAndRestore, end with weights that differ by
# more than 0.01. Weights, optimizer and epoch are restored to the bit: at a rate of 0, or with the state set by hand, nothing differs.
#
# The good guess is that a variable among the model's own is saved with them, and that a run of which everything is seeded is the same
# whether it was interrupted or not. `training._RunKeeper` sets the state of each Dropout by the epoch, in every run.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -q keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu env/bin/python - <<'PYTHON'
import keras
import numpy as np

inputs = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
targets = (inputs[:, :1] > 0).astype(np.float32)


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


class SetDraws(keras.callbacks.Callback):
    "Every epoch begins at a place of its own."

    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[1].seed_generator.state.assign([3, 100 * epoch])


def network(rate):
    keras.utils.set_random_seed(1)
    layers = keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(rate, seed=3), keras.layers.Dense(1)
    model = keras.Sequential([keras.Input((4,)), *layers])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model


def fitted(rate, *callbacks):
    model = network(rate)
    try:
        history = model.fit(inputs, targets, epochs=4, shuffle=False, verbose=0, callbacks=list(callbacks))
        return model, history.epoch
    except KeyboardInterrupt:
        return model, None


def difference(rate, *more):
    "The largest one of the weights, of a run in one go and of one that was interrupted after two of four epochs."
    keep = dict(backup_dir=f"backup {rate} {len(more)}")
    whole, _ = fitted(rate, *more)
    fitted(rate, *more, keras.callbacks.BackupAndRestore(**keep), Interrupt())
    resumed, epochs = fitted(rate, *more, keras.callbacks.BackupAndRestore(**keep))
    assert epochs == [2, 3] and int(whole.optimizer.iterations) == int(resumed.optimizer.iterations) == 8
    return max(float(np.abs(one - other).max()) for one, other in zip(whole.get_weights(), resumed.get_weights()))


def draws(model):
    return [int(number) for number in np.asarray(model.layers[1].seed_generator.state)]


model, _ = fitted(0.5)
model.save("whole.keras")
model.save_weights("kept.weights.h5")
loaded, other = keras.models.load_model("whole.keras"), network(0.5)
other.load_weights("kept.weights.h5")
states = {"of the model": draws(model), "from .keras": draws(loaded), "from .weights.h5": draws(other)}
print("seed and draws", states, "among", [variable.path for variable in model.non_trainable_variables])
found = {"dropout": difference(0.5), "rate 0": difference(0.0), "state set by hand": difference(0.5, SetDraws())}
print("difference of the weights after four epochs:", {name: round(value, 4) for name, value in found.items()})
assert states["of the model"][1] > 0 and states["from .keras"][1] == states["from .weights.h5"][1] == 0, "the state is kept now"
assert found["dropout"] > 0.01 and found["rate 0"] == found["state set by hand"] == 0, "a run goes on as it was now"
PYTHON
