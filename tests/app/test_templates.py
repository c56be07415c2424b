"""Templates ask by role and become graphs of the user's own files."""

import pytest

from app.sketches import SKETCHES
from app.template_dialog import TemplateDialog
from app.templates import BY_ID, TEMPLATES, fill_template, list_roles, load_template

ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth"]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_every_template_loads_and_names_its_roles(template):
    document = load_template(template)
    roles = list_roles(template, document)
    assert roles
    assert set(template.roles) == {role.node for role in roles}
    assert roles[0].is_checkpoint
    sketch = SKETCHES[template.id]
    assert {number for first, second, _ in sketch.wires for number in (first, second)} == set(range(len(sketch.boxes)))
    assert {number for first, second, _ in sketch.arrows for number in (first, second)} == set(range(len(sketch.dots)))
    assert sketch.boxes or sketch.dots or sketch.curves or sketch.cells


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.id)
def test_no_role_is_called_by_the_sample_s_own_model_or_data(template):
    document = load_template(template)
    texts = [role.text for role in list_roles(template, document)]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {node.title for node in document.nodes.values()}


def test_numbered_roles_follow_their_places_in_the_graph():
    for template in (BY_ID["pairs"], BY_ID["ties-against-sum"], BY_ID["compare"], BY_ID["best-helper"]):
        texts = [role.text for role in list_roles(template, load_template(template)) if role.is_checkpoint]
        ordinals = [word for text in texts for word in text.split() if word in ORDINALS]
        assert ordinals == ORDINALS[: len(ordinals)]
        assert len(ordinals) >= 3


def test_the_users_paths_take_the_places_of_the_samples():
    template = BY_ID["forget"]
    document = load_template(template)
    filled = fill_template(template, document, {"base": "mine/base"})
    assert filled.nodes["base"].parameters["source"] == "mine/base"
    assert filled.nodes["diag"].parameters["source"] == ""
    assert filled.title == "Forget a skill"
    assert filled.wires == document.wires


def test_the_dialog_asks_for_each_role_and_makes_the_graph(qtbot):
    template = BY_ID["forget"]
    dialog = TemplateDialog(template, load_template(template))
    qtbot.addWidget(dialog)
    dialog.fields["diag"].field.setText("tuned")
    assert dialog.make_document().nodes["diag"].parameters["source"] == "tuned"
    assert dialog.fields["base"].field.accessibleName() == "The model before training"
    dialog._choose_sample()
    assert dialog.wants_sample
