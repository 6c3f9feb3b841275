"What this module held is in model_files, litert and model_card; the names are here until all imports have moved."
from .litert import _PARITY as PARITY, LiteRtNetwork, export_litert, save_model
from .model_card import model_card, save_record
from .model_files import (
    MODEL_JSON, MODEL_LITERT, MODEL_WEIGHTS, Metadata, load_keras_model, load_metadata, save_metadata,
)


def this_machine():
    from .model_card import machine

    here = machine()
    return {"machine": f"{here['cores']} cores of {here['processor']}", "watts": 10 * here["cores"]}
