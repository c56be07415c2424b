"""Which class a model folder asks for, and whether it suits a task; custom code is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from engine.checkpoints.config import read_config
from engine.errors import CheckpointError, EvaluationError
from engine.evaluation.tasks import Task

CONFIG_FILE = "config.json"
CAUSAL = r"(ForCausalLM|LMHeadModel)$"
SEQUENCE = r"(ForConditionalGeneration|ForSeq2SeqLM|MTModel)$"
SUITABLE: Mapping[Task, str] = {
    "image_classification": r"ForImageClassification(WithTeacher)?$",
    "zero_shot_image_classification": r"^(CLIP|ChineseCLIP|AltCLIP|Siglip|Siglip2|Align|MetaClip2)Model$",
    "text_classification": r"ForSequenceClassification$",
    "language_modelling": CAUSAL,
    "text_to_text": f"{CAUSAL}|{SEQUENCE}",
    "generation": f"{CAUSAL}|{SEQUENCE}",
}
"""How the names of the classes that can do a task look in transformers."""
Config = Mapping[str, object]


def read_model_config(folder: Path) -> Config:
    """Return config.json of a model folder that is to be run.

    Raises:
        EvaluationError: It is missing or no JSON object, or the model needs code of its own or is quantised.
    """
    path = folder / CONFIG_FILE
    try:
        config = read_config(folder)
    except CheckpointError as error:
        fact = f"{path} can't be used. {error.fact}"
        raise EvaluationError(fact, error.remedy) from error
    if config is None:
        fact = f"{folder} can't be evaluated: it has no {CONFIG_FILE}."
        raise EvaluationError(fact, "Evaluation needs a Hugging Face model folder.")
    _refuse_custom(config, path)
    return config


def name_architecture(config: Config, folder: Path) -> str:
    """Return the name of the class that the config asks for.

    Raises:
        EvaluationError: It names none.
    """
    names = config.get("architectures")
    if not isinstance(names, list) or not names:
        fact = f"{folder / CONFIG_FILE} names no architecture, so the model's class is not known."
        raise EvaluationError(fact, "Add “architectures” as transformers writes it, such as [“ViTForImageClassification”].")
    return str(cast("list[object]", names)[0])


def check_suitability(architecture: str, task: Task, folder: Path) -> None:
    """Make sure that a class can do a task.

    Raises:
        EvaluationError: It can't.
    """
    if re.search(SUITABLE[task], architecture):
        return
    able = [other for other, pattern in SUITABLE.items() if re.search(pattern, architecture)]
    fact = f"The model in {folder} is a {architecture}, which can't do {task.replace('_', ' ')}."
    remedy = (
        f"It can do {' or '.join(able).replace('_', ' ')}: give the test set that task." if able else "Take a model with the right head."
    )
    raise EvaluationError(fact, remedy)


def _refuse_custom(config: Config, path: Path) -> None:
    if config.get("auto_map"):
        fact = f"The model asks for code of its own ({path} has an “auto_map”), and code that comes with a model is never run."
        raise EvaluationError(fact, "Take a model whose class transformers has.")
    if config.get("quantization_config"):
        fact = f"The model is quantised ({path} has a “quantization_config”)."
        raise EvaluationError(fact, "Take the unquantised model.")
