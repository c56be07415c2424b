"""No message of the engine names an option of the command line in the window."""

import ast

import pytest

from app.window_words import in_window_words, list_retries

COMMAND_LINE_ITSELF = ("command_line", "cli.py", "svg.py", "strength_figure.py")


def list_texts(repository):
    for file in sorted((repository / "engine").rglob("*.py")):
        if any(part in COMMAND_LINE_ITSELF for part in file.parts):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documentation = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED) and _is_text(node.body)}
        yield from (
            (file.name, node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
        )


_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)


def _is_text(body):
    return bool(body) and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)


def test_every_message_with_an_option_has_its_words(repository):
    found = [(name, text) for name, text in list_texts(repository) if "--" in text and "hf download" not in text]
    # A program's own arguments are no message; a sentence has blanks.
    sentences = [(name, text) for name, text in found if " " in text.strip() and "--revision" not in text]
    assert len(sentences) >= 10
    assert [(name, in_window_words(text)) for name, text in sentences if "--" in in_window_words(text)] == []


@pytest.mark.parametrize(
    ("message", "titles"),
    [
        ("Use --resume to go on with it or --restart to begin anew.", ["Resume", "Start afresh"]),
        ("The list of input files changed. Run again with --restart to begin anew.", ["Start afresh"]),
        ("The disk is full.", []),
    ],
)
def test_what_the_engine_advises_becomes_buttons(message, titles):
    assert [retry.title for retry in list_retries(message)] == titles


def test_words_read_as_sentences():
    assert in_window_words("Use --resume to go on with it or --restart to begin anew.") == (
        "Use “Resume” to go on with it or “Start afresh” to begin anew."
    )
    assert in_window_words("Run again with --restart to begin anew.") == "Press “Start afresh” to begin anew."
    assert in_window_words("Say where to write it, or name one with --output.") == "Say where to write it."


def test_what_is_missing_is_said_in_few_words_and_roles_by_their_letters():
    assert in_window_words("source is empty. Fill it in: a file, a folder, or hub:org/name@revision.") == "No file or folder is chosen yet."
    assert in_window_words("Analogy needs a task vector at “b”.") == "Analogy needs a task vector at “B”."
    assert in_window_words("Apply needs a task vector at “vector”.") == "Apply needs a task vector at “vector”."
