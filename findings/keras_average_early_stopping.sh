#!/usr/bin/env bash
# Keras' EarlyStopping with restore_best_weights takes away the averaged weights that use_ema had put into the model, without a word.
#
# Seen with Keras 3.15.1 on JAX 0.10.2, and on TensorFlow 2.21.0. An optimizer with use_ema keeps a moving average of the weights, and
# its documentation says that fit puts it into the model after the last epoch and nothing is left to do. So it does; but then it calls
# the callbacks' on_train_end, where EarlyStopping writes the weights of the best epoch over them, which it copied during the epochs and which
# are not averaged. Here the best epoch is the last one of four: without the callback the model ends with the average, with it with
# the last step's weights, though it never stopped anything. Nothing warns.
#
# The good guess is that the best weights are the best of what the model would end with, and that two features of fit which are used on
# nearly every run go together. The averages are still in the optimizer: `optimizer.finalize_variable_values(model.trainable_variables)`
# after fit brings them back, of the last epoch. `training.TrainingConfig.average` is use_ema, and a run takes more callbacks of Keras'.
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


def trained(*callbacks):
    "The model, its weights after the last step, and the losses of validation."
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.9), "binary_crossentropy")
    stepped = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: stepped.append(kernel(model)))
    data = dict(validation_data=(inputs, targets), epochs=4, shuffle=False, verbose=0)
    history = model.fit(inputs, targets, callbacks=[note, *callbacks], **data).history
    return model, stepped[-1], history["val_loss"]


def kernel(model):
    return [round(float(weight), 4) for weight in model.get_weights()[0].ravel()]


plain, stepped, _ = trained()
stopping = keras.callbacks.EarlyStopping(restore_best_weights=True, patience=10)
restored, _, losses = trained(stopping)
print("after the last step ", stepped)
print("fit alone           ", kernel(plain))
print("with EarlyStopping  ", kernel(restored))
best = losses.index(min(losses))
assert best == 3 and stopping.stopped_epoch == 0, "the best epoch is another one"
assert kernel(plain) != stepped, "fit doesn't end with the average"
ended = kernel(restored)
restored.optimizer.finalize_variable_values(restored.trainable_variables)
print("brought back        ", kernel(restored))
assert ended == stepped, "EarlyStopping leaves the average now"
assert kernel(restored) == kernel(plain), "the average is no longer in the optimizer"
PYTHON
