from engine.document.fragments import choose_fresh_ids, extract, paste
from engine.document.model import NodeId
from engine.document.storage import format_document, parse_document

CHOSEN = [NodeId("tau"), NodeId("not")]


def spell(wires):
    return [f"{wire.source} {wire.target}" for wire in wires]


def test_a_fragment_holds_the_nodes_and_the_wires_into_them(forget_text):
    fragment = extract(parse_document(forget_text), CHOSEN, frames=["f1"])
    assert list(fragment.nodes) == ["not", "tau"]
    assert spell(fragment.wires) == ["tuned.checkpoint tau.tuned", "base.checkpoint tau.base", "tau.vector not.vector"]
    assert fragment.frames[0].nodes == ("tau", "not")
    assert fragment.notes == ()
    assert parse_document(format_document(fragment)) == fragment


def test_a_pasted_fragment_keeps_its_inner_wires_and_moves(forget_text):
    document = parse_document(forget_text)
    fragment = extract(document, CHOSEN, ["f1"], ["n1"])
    after = paste(document, fragment, (10, -20))
    assert choose_fresh_ids(document, fragment).nodes == {"tau": "tau_2", "not": "not_2"}
    assert after.nodes[NodeId("tau_2")].position == (270, 40)
    assert spell(after.wires[len(document.wires) :]) == ["tau_2.vector not_2.vector"]
    assert (after.frames[1].id, after.frames[1].nodes, after.frames[1].rect) == ("f2", ("tau_2", "not_2"), (250, 0, 400, 300))
    assert (after.notes[1].id, after.notes[1].rect) == ("n2", (670, 180, 200, 80))
    assert (after.title, after.settings) == (document.title, document.settings)


def test_incoming_wires_are_kept_on_demand_where_their_source_is_there(forget_text):
    document = parse_document(forget_text)
    fragment = extract(document, CHOSEN)
    after = paste(document, fragment, keep_incoming=True)
    assert spell(after.wires[len(document.wires) :]) == [
        "tuned.checkpoint tau_2.tuned",
        "base.checkpoint tau_2.base",
        "tau_2.vector not_2.vector",
    ]
    assert spell(paste(extract(document, [NodeId("base")]), fragment, keep_incoming=True).wires) == [
        "base.checkpoint tau.base",
        "tau.vector not.vector",
    ]


def test_copies_of_copies_are_counted_on(forget_text):
    document = parse_document(forget_text)
    after = paste(document, extract(document, CHOSEN))
    assert set(paste(after, extract(after, [NodeId("tau_2")])).nodes) - set(after.nodes) == {"tau_3"}
