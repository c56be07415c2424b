"""A LoRA adapter as the task vector that it stands for."""

from __future__ import annotations

from engine.operation import Adapter, Group, Input, PortKind, operation
from engine.parameters import Text


@operation(
    id="lora_adapter",
    title="LoRA adapter",
    group=Group.SOURCES,
    sentence="Brings in a LoRA adapter as a task vector: what it adds to the weights of its base.",
    formula="τ[W] = (α/r) · B·A, zero elsewhere",
    inputs=(Input("base", PortKind.CHECKPOINT, "The model that the adapter was trained on."),),
    outputs=(PortKind.VECTOR,),
    parameters=(
        Text(
            "source",
            "A folder that PEFT wrote, its file of weights, or hub:org/name@revision; paths are relative to the document.",
            required=True,
        ),
    ),
)
def lora_adapter(source: str) -> Adapter:
    """Bring in an adapter (Hu et al. 2021, arXiv 2106.09685, equation 3; with rsLoRA α/√r, arXiv 2312.03732)."""
    return Adapter("base")
