"""The templates of the welcome page: what each does, and what it asks for by role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.document.edits import set_parameter, set_title
from engine.document.model import Document, NodeId
from engine.document.storage import load_document
from engine.resources import resource_path

_BASE = "the model before training"
_KINDS = ("checkpoint", "test_set")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


@dataclass(frozen=True)
class Template:
    """Describe one template."""

    id: str
    """The name of its `.loom` file in resources/templates."""
    title: str
    sentence: str
    roles: Mapping[str, str] = field(default_factory=dict)
    """What a checkpoint's node stands for, as the user would say it."""


@dataclass(frozen=True)
class RoleField:
    """Name one thing that a template asks for."""

    node: NodeId
    text: str
    is_checkpoint: bool


def _number(nodes: Sequence[str], text: str) -> Mapping[str, str]:
    """Return a role for each node, told apart by its place: “the first model fine-tuned from it”."""
    return {node: text.format(ordinal) for node, ordinal in zip(nodes, _ORDINALS, strict=False)}


def _ask_for_skills(skills: Sequence[str]) -> Mapping[str, str]:
    """Return the roles of so many skills, each with its model and its data."""
    return {
        "base": _BASE,
        **_number(skills, "the same model trained on the {} skill"),
        **_number([f"{skill}-validation" for skill in skills], "examples of the {} skill, to choose the strength"),
        **_number([f"{skill}-test" for skill in skills], "other examples of the {} skill, to measure"),
    }


def _ask_for_groups(groups: Mapping[str, str]) -> Mapping[str, str]:
    """Return the roles of groups, each with its model and its data."""
    return {
        "base": _BASE,
        **{group: f"{group.upper()}: trained on {kind}" for group, kind in groups.items()},
        **{f"{group}-validation": f"examples of {group.upper()}’s kind, to choose the strength" for group in groups},
        **{f"{group}-test": f"other examples of {group.upper()}’s kind, to measure" for group in groups},
    }


TEMPLATES: tuple[Template, ...] = (
    Template(
        "forget",
        "Forget a skill",
        "Subtract what a fine-tune learned; keep everything else.",
        {
            "base": _BASE,
            "diag": "the same model trained on what it should forget",
            "diag-validation": "examples of what it should forget, to choose the strength",
            "diag-test": "other examples of what it should forget, to measure",
            "plain-validation": "examples of what should stay, to choose the strength",
            "plain-test": "other examples of what should stay, to measure",
        },
    ),
    Template(
        "combine",
        "Combine skills",
        "Add several fine-tunes of one base into one model.",
        {**_ask_for_skills(("diag", "dots")), "plain-test": "examples of what should stay, to measure"},
    ),
    Template(
        "analogy",
        "Analogy",
        "A is to B as C is to D: learn D without its data.",
        {
            "base": _BASE,
            "plain-low": "A: the model trained on the first kind of the known thing",
            "diag-low": "B: trained on the second kind of the known thing",
            "plain-high": "C: trained on the first kind of the new thing",
            "diag-high": "D: trained on the answer itself, to compare with",
            "validation": "a few labelled examples of the answer, to choose the strength",
            "test": "other labelled examples of the answer, to measure",
            "plain-test": "examples of what should stay, to measure",
        },
    ),
    Template(
        "compare",
        "Compare",
        "How much do fine-tunes of one base have in common?",
        {
            "base": _BASE,
            **_number(("diag", "dots", "inverted", "photo", "plain-0-4", "diag-0-4"), "the {} model fine-tuned from it"),
        },
    ),
    Template(
        "random-control",
        "Random control",
        "Is it the direction, or any direction?",
        {
            "base": _BASE,
            "diag": "the same model trained on the skill in question",
            "diag-test": "examples of that skill, to measure",
            "plain-test": "examples of what should stay, to measure",
        },
    ),
    Template(
        "ties-against-sum",
        "TIES against the plain sum",
        "Does the clever merge beat the simple one?",
        _ask_for_skills(("diag", "dots", "inverted")),
    ),
    Template(
        "forget-text",
        "Forget in text",
        "A small language model unlearns a tone of voice.",
        {
            "base": _BASE,
            "licences": "the same model trained on the tone it should lose",
            "licences-validation": "some text in that tone, to choose the strength",
            "manual-validation": "some text of what should stay, to choose the strength",
            "licences-test": "other text in that tone, to measure",
            "manual-test": "other text of what should stay, to measure",
            "prompts": "beginnings for the model to continue, one on each line",
        },
    ),
    Template(
        "analogy-text",
        "Analogy in text",
        "Guess a model of texts that nobody trained on.",
        {
            "base": _BASE,
            "licences": "A: the model trained on one kind of text",
            "licences-upper": "B: trained on that text in another style",
            "python": "C: trained on another kind of text",
            "python-upper": "D: trained on the answer itself, to compare with",
            "validation": "some text of the answer's kind, to choose the strength",
            "test": "other text of the answer's kind, to measure",
        },
    ),
    Template(
        "pairs",
        "Pairs and subsets",
        "Which skills go together, two by two and all at once?",
        _ask_for_skills(("diag", "dots", "inverted", "photo")),
    ),
    Template(
        "two-strengths",
        "Analogy with two strengths",
        "A skill from elsewhere and a change of ground, each as strong as suits it.",
        {
            "base": _BASE,
            "licences-upper": "the model trained on the skill, on the old ground",
            "python": "the model that only knows the new ground",
            "licences": "the model that only knows the old ground",
            "python-upper": "trained on the answer itself, to compare with",
            "validation": "some of the answer's kind, to choose the strengths",
            "test": "other of the answer's kind, to measure",
        },
    ),
    Template(
        "leave-one-out",
        "Two by two, one left out",
        "Four groups, each guessed from the other three.",
        _ask_for_groups(
            {
                "a": "the first group in the first look",
                "b": "the first group in the second look",
                "c": "the second group in the first look",
                "d": "the second group in the second look",
            }
        ),
    ),
    Template(
        "best-helper",
        "Best helper",
        "Whose vector helps a model most? Ranked before the test is seen.",
        {
            "base": _BASE,
            "low": "the model to be improved",
            **_number(("plain", "high", "dots", "photo"), "the {} model that may help it"),
            "validation": "examples of its task, to rank the helpers",
            "test": "other examples of it, to measure the winner",
        },
    ),
)
BY_ID: Mapping[str, Template] = MappingProxyType({template.id: template for template in TEMPLATES})


def load_template(template: Template) -> Document:
    """Return a template's graph as it was shipped, with the paths of the sample pack.

    Raises:
        DocumentError: the file is damaged.
    """
    return load_document(resource_path(f"templates/{template.id}.loom"))


def list_roles(template: Template, document: Document) -> tuple[RoleField, ...]:
    """Return what a template asks for: checkpoints from top to bottom, then data."""
    nodes = [(node_id, node) for node_id, node in document.nodes.items() if node.operation in _KINDS]
    nodes.sort(key=lambda pair: (_KINDS.index(pair[1].operation), (pair[1].position or (0.0, 0.0))[::-1]))
    return tuple(RoleField(node_id, template.roles.get(node_id) or node.title, node.operation == "checkpoint") for node_id, node in nodes)


def fill_template(template: Template, document: Document, sources: Mapping[NodeId, str]) -> Document:
    """Return the graph with the user's paths; a role without one stays open, to be chosen on its node."""
    for role in list_roles(template, document):
        document = set_parameter(document, role.node, "source", sources.get(role.node, ""))
    return set_title(document, template.title)
