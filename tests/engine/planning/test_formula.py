"""Normal forms as a formula and as a sentence, for the graphs that people draw."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from engine.document.edits import set_label
from engine.operation import PortKind
from engine.planning.check import check_document
from engine.planning.coefficient import Coefficient, Symbol
from engine.planning.form_text import format_coefficient, format_form, format_sentence
from engine.planning.formula import group_forms
from engine.planning.linear import Atom, Form
from tests.engine.graph_lines import THREE_VECTORS

EXPORT = "out = export_checkpoint checkpoint=edit folder:out"
EXPORT_VECTOR = "out = export_vector vector=x folder:out"
SEARCH = """
    target = test_set source:target.npz split:validation
    s = strength_search base=base vectors=ta,{second} targets=target start:0 stop:1 step:0.25
    edit = apply base=s.checkpoint vector=tc strength:0.5
"""
CHECKPOINTS = {
    "apply": ("edit = apply base=base vector=ta strength:0.3", "θ = θ[base] + 0.3 · τ[a]"),
    "apply against": ("edit = apply base=base vector=ta strength:-0.5", "θ = θ[base] − 0.5 · τ[a]"),
    "apply whole": ("edit = apply base=base vector=ta", "θ = θ[a]"),
    "apply nothing": ("edit = apply base=base vector=ta strength:0", "θ = θ[base]"),
    "apply to another": ("edit = apply base=c vector=ta", "θ = θ[c] + τ[a] − τ[base]"),
    "negate": ("x = negate vector=ta\n edit = apply base=base vector=x strength:0.4", "θ = θ[base] − 0.4 · τ[a]"),
    "add": ("x = add vectors=ta,tb\n edit = apply base=base vector=x strength:0.4", "θ = θ[base] + 0.4 · (τ[a] + τ[b])"),
    "add with weights": ("x = add vectors=ta,tb weights:[1,0.5]\n edit = apply base=base vector=x", "θ = θ[base] + τ[a] + 0.5 · τ[b]"),
    "analogy": ("x = analogy a=ta b=tb c=tc\n edit = apply base=base vector=x strength:0.5", "θ = θ[base] + 0.5 · (τ[b] + τ[c] − τ[a])"),
    "ties": ("x = ties vectors=ta,tb,tc\n edit = apply base=base vector=x strength:0.7", "θ = θ[base] + 0.7 · x"),
    "random": ("x = random_vector like=ta\n edit = apply base=base vector=x strength:-1", "θ = θ[base] − x"),
    "average": ("edit = average checkpoints=a,b,c", "θ = θ[a] + 1/3 · (τ[b] + τ[c])"),
    "average with weights": ("edit = average checkpoints=a,b weights:[1,3]", "θ = θ[a] + 0.75 · τ[b]"),
    "line": ("edit = interpolate first=a second=b amount:0.25", "θ = θ[a] + 0.25 · τ[b]"),
    "no short decimal": ("edit = apply base=base vector=ta strength:0.3333333", "θ = θ[base] + 3333333/10000000 · τ[a]"),
}
VECTORS = {
    "task vector": ("x = scale vector=ta factor:1", "τ = τ[a]"),
    "negate": ("x = negate vector=ta", "τ = −τ[a]"),
    "negated sum": ("y = add vectors=ta,tb\n x = negate vector=y", "τ = −(τ[a] + τ[b])"),
    "analogy": ("x = analogy a=ta b=tb c=tc", "τ = τ[b] + τ[c] − τ[a]"),
    "ties beside a plain one": ("t = ties vectors=ta,tb\n x = add vectors=t,tc", "τ = τ[c] + t"),
    "nothing left": ("n = negate vector=ta\n x = add vectors=ta,n", "τ = 0"),
}


def first_lines(plan):
    return {node: text.splitlines()[0] for node, text in plan.formulas.items()}


@pytest.mark.parametrize(("lines", "formula"), CHECKPOINTS.values(), ids=CHECKPOINTS)
def test_checkpoints_begin_at_their_anchor(bench, family, lines, formula):
    assert first_lines(bench.plan(f"{THREE_VECTORS}\n{lines}\n{EXPORT}")) == {"out": formula}


@pytest.mark.parametrize(("lines", "formula"), VECTORS.values(), ids=VECTORS)
def test_vectors_leave_the_anchor_out(bench, family, lines, formula):
    assert first_lines(bench.plan(f"{THREE_VECTORS}\n{lines}\n{EXPORT_VECTOR}")) == {"out": formula}


def test_forms_that_hold_in_some_tensors_only_say_in_which(bench, family):
    plan = bench.plan(
        f'{THREE_VECTORS}\n x = layer_filter vector=ta include:["@mlp"]\n edit = apply base=base vector=x strength:0.5\n{EXPORT}'
    )
    assert plan.formulas["out"].splitlines() == [
        "θ = θ[base]   in 3 tensors (model.embed_tokens.weight, model.layers.1.self_attn.q_proj.weight, model.norm.weight)",
        "θ = θ[base] + 0.5 · τ[a]   in 1 tensor (model.layers.0.mlp.up_proj.weight)",
        "τ[…] = θ[…] − θ[base]",
    ]


def test_of_many_tensors_three_are_named(bench, family):
    model = {f"model.layers.{number}.self_attn.q_proj.weight": family["base"]["model.norm.weight"] for number in range(5)}
    model["model.layers.0.mlp.up_proj.weight"] = family["base"]["model.norm.weight"]
    for seed, name in enumerate(["base", "a"]):
        bench.save(name, bench.move(model, seed))
    plan = bench.plan("""
        base = checkpoint source:base
        a = checkpoint source:a
        ta = task_vector tuned=a base=base
        x = layer_filter vector=ta include:["@attention"]
        edit = apply base=base vector=x strength:0.5
        out = export_checkpoint checkpoint=edit folder:out
    """)
    first, second, _ = plan.formulas["out"].splitlines()
    assert "in 5 tensors (" in first
    assert first.endswith("2.self_attn.q_proj.weight, …)")
    assert second == "θ = θ[base]   in 1 tensor (model.layers.0.mlp.up_proj.weight)"


# --- what the symbols stand for ---

TIES = "mean of the trimmed wᵢτᵢ that have the sign of Σ wᵢτᵢ"
ARC = "(sin((1 − t)ω)θ₁ + sin(tω)θ₂) / sin ω, ω the angle between them in each tensor"
LEGENDS = {
    "a copy needs none": ("edit = apply base=base vector=ta", []),
    "a base": ("edit = average checkpoints=a,b", ["τ[…] = θ[…] − θ[a]"]),
    "a kernel with what it takes and what was set": (
        "x = ties vectors=ta,h density:0.25 weights:[1,0.5]\n h = scale vector=tb factor:0.5\n edit = apply base=base vector=x",
        [f"x = {TIES}   (vectors: τ[a], 0.5 · τ[b]; density 0.25; weights [1, 0.5])", "τ[…] = θ[…] − θ[base]"],
    ),
    "kernels behind kernels": (
        "x = ties vectors=ta,y scope:model\n y = ties vectors=tb,tc\n edit = apply base=base vector=x",
        [f"x = {TIES}   (vectors: τ[a], y; scope model)", f"y = {TIES}   (vectors: τ[b], τ[c])", "τ[…] = θ[…] − θ[base]"],
    ),
    "an arc by what it joins": (
        "edit = interpolate first=a second=b path:arc amount:0.25",
        [f"θ[edit] = {ARC}   (first: θ[a]; second: θ[b]; amount 0.25; path arc)"],
    ),
    "an operand that is not the same everywhere": (
        'f = layer_filter vector=ta include:["@mlp"]\n x = ties vectors=f,tb\n edit = apply base=base vector=x',
        [f"x = {TIES}   (vectors: f, τ[b])", "τ[…] = θ[…] − θ[base]"],
    ),
}


@pytest.mark.parametrize(("lines", "legend"), LEGENDS.values(), ids=LEGENDS)
def test_under_the_formula_stands_what_its_symbols_are(bench, family, lines, legend):
    assert bench.plan(f"{THREE_VECTORS}\n{lines}\n{EXPORT}").formulas["out"].splitlines()[1:] == legend


def test_an_exported_vector_names_its_base(bench, family):
    assert bench.plan(f"{THREE_VECTORS}\n out = export_vector vector=ta folder:out").formulas["out"] == "τ = τ[a]\nτ[…] = θ[…] − θ[base]"


def test_nodes_of_one_name_are_told_apart_by_their_ids(bench, family):
    document = bench.document(f"{THREE_VECTORS}\n edit = apply base=base vector=ta strength:0.5\n{EXPORT}")
    for node in ("base", "a"):
        document = set_label(document, node, "Model")
    plan = plan_of(bench, document)
    assert plan.formulas["out"].splitlines()[0] == "θ = θ[Model (base)] + 0.5 · τ[Model (a)]"
    assert plan.resolved.title("ta") == "ta"


# --- what a search has yet to find ---


@pytest.fixture
def searched(bench, family):
    """Return a function that plans an export behind a search of λ for ta and a second vector."""
    np.savez(bench.folder / "target.npz", images=np.zeros((60, 16, 16), np.uint8), labels=np.zeros(60, int))
    return lambda second, more="": bench.document(f"{THREE_VECTORS}\n{more}\n{SEARCH.format(second=second)}\n{EXPORT}")


def plan_of(bench, document):
    verdict = check_document(document, bench.folder, bench.options())
    assert verdict.plan is not None, verdict.problems
    return verdict.plan


def test_before_a_search_its_strength_is_a_symbol(bench, searched):
    assert first_lines(plan_of(bench, searched("tb"))) == {
        "s": "θ = θ[base] + λ[s] · (τ[a] + τ[b])",
        "out": "θ = θ[base] + λ[s] · (τ[a] + τ[b]) + 0.5 · τ[c]",
    }


def test_where_symbol_and_number_meet_they_stand_in_brackets(bench, searched):
    document = searched("x", "x = negate vector=tc")
    assert plan_of(bench, document).formulas["out"].splitlines()[0] == "θ = θ[base] + λ[s] · τ[a] + (0.5 − λ[s]) · τ[c]"


def test_a_search_is_called_as_the_user_calls_it(bench, searched):
    document = set_label(searched("tb"), "s", "How much")
    assert plan_of(bench, document).formulas["s"].splitlines()[0] == "θ = θ[base] + λ[How much] · (τ[a] + τ[b])"


def test_after_the_search_the_number_stands_in_its_place(bench, searched):
    plan = plan_of(bench, searched("tb"))
    (form,) = group_forms(plan.folding, plan.planner.sink_value("out"))
    known = {Symbol("s", "strength"): Fraction(1, 4)}
    assert format_form(form.substitute(known), plan.resolved.title) == "θ[base] + 0.25 · (τ[a] + τ[b]) + 0.5 · τ[c]"
    nothing = {Symbol("s", "strength"): Fraction(0)}
    assert format_form(form.substitute(nothing), plan.resolved.title) == "θ[base] + 0.5 · τ[c]"


LAMBDA, MU = Coefficient.unknown(Symbol("s", "strength")), Coefficient.unknown(Symbol("t", "strength"))
NUMBER = Coefficient.of


@pytest.mark.parametrize(
    ("coefficient", "text"),
    [
        (NUMBER(1), "1"),
        (NUMBER(Fraction(-1, 4)), "−0.25"),
        (NUMBER(Fraction(1, 3)), "1/3"),
        (NUMBER(Fraction(1, 10**6)), "1e-06"),
        (NUMBER(1000), "1000"),
        (LAMBDA, "λ[S]"),
        (-LAMBDA, "−λ[S]"),
        (NUMBER(Fraction(1, 2)) * LAMBDA, "0.5·λ[S]"),
        (LAMBDA * LAMBDA * MU, "λ[S]·λ[S]·λ[T]"),
        (LAMBDA + NUMBER(-2) * MU, "(λ[S] − 2·λ[T])"),
    ],
)
def test_coefficients_as_text(coefficient, text):
    assert format_coefficient(coefficient, str.upper) == text


# --- in words ---

SENTENCES = {
    "edit = apply base=base vector=ta strength:0.3": "Take “base” and add 0.3 × (what “a” learned).",
    "x = analogy a=ta b=tb c=tc\n edit = apply base=base vector=x strength:0.5": (
        "Take “base” and add 0.5 × (what “b” learned, plus what “c” learned, minus what “a” learned)."
    ),
    "x = add vectors=ta,tb weights:[1,0.5]\n edit = apply base=base vector=x": (
        "Take “base” and add what “a” learned, and 0.5 × (what “b” learned)."
    ),
    "x = ties vectors=ta,tb\n edit = apply base=base vector=x": "Take “base” and add “x”.",
    "edit = apply base=base vector=ta": "Exactly “a”, nothing added.",
}


@pytest.mark.parametrize(("lines", "sentence"), SENTENCES.items())
def test_sentences_say_the_same_in_words(bench, family, lines, sentence):
    plan = bench.plan(f"{THREE_VECTORS}\n{lines}\n{EXPORT}")
    (form,) = group_forms(plan.folding, plan.planner.sink_value("out"))
    assert format_sentence(form, plan.resolved.title) == sentence


def test_a_vector_is_a_sum_in_words():
    base, tuned, kernel = Atom("base", PortKind.CHECKPOINT), Atom("a", PortKind.CHECKPOINT), Atom("x", PortKind.VECTOR)
    form = Form(PortKind.VECTOR, base, ((tuned, NUMBER(1)), (base, NUMBER(-1)), (kernel, NUMBER(-1))))
    assert format_sentence(form, str) == "The sum of what “a” learned, minus “x”."
    assert format_sentence(replace(form, weights=()), str) == "The sum of nothing."


def test_one_addend_is_no_sum_in_words():
    base, tuned, kernel = Atom("base", PortKind.CHECKPOINT), Atom("a", PortKind.CHECKPOINT), Atom("x", PortKind.VECTOR)
    learned = Form(PortKind.VECTOR, base, ((tuned, NUMBER(1)), (base, NUMBER(-1))))
    assert format_sentence(learned, str) == "What “a” learned, and nothing else."
    assert format_sentence(Form(PortKind.VECTOR, None, ((kernel, NUMBER(0.5)),)), str) == "0.5 × (“x”), and nothing else."
