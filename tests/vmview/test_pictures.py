"""What holds of every diagram type: its picture can be read and is told as text, and its schema explains itself."""

import gzip
import re
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vmview
from tests.vmview import ept_bodies, exit_bodies, plot_bodies, shadow_bodies, walk_bodies
from vmsim import FieldError
from vmview import ept_walk, ept_words, exit_words, faults, page_walk, plot_words, shadow_words, svg, walk_rows
from vmview.scene import TEXT_ROLES, Box, Cell, Curve, Label, cell_labels, label_area

LANGUAGES = ("en", "zh")
BODIES = {
    "ept-walk": ept_bodies.bodies(),
    "page-walk": walk_bodies.bodies(),
    "vm-exit": exit_bodies.bodies(),
    "shadow-paging": shadow_bodies.bodies(),
    "plot": plot_bodies.bodies(),
}
FIRST = {
    "ept-walk": {"linear_address": 0x7F12_3456_7ABC},
    "page-walk": {"linear_address": 0x7F12_3456_7ABC},
    "vm-exit": {"instruction": "CPUID"},
    "shadow-paging": {"steps": [{"read": 0x40_0000}]},
    "plot": {"lines": [{}], "working_sets": {"from": "64 KiB", "to": "256 KiB"}},
}
TYPES = vmview.types()
VALIDATORS = {name: jsonschema.Draft202012Validator(view.SCHEMA) for name, view in TYPES.items()}
many = settings(max_examples=150, deadline=None)
each_type = pytest.mark.parametrize("name", TYPES)


def trace_of(name, body):
    """The trace, or None for a body that the schema admits and no processor could have."""
    VALIDATORS[name].validate(body)
    try:
        return TYPES[name].run(body)
    except FieldError as error:
        assert error.field.split("/")[0] in TYPES[name].SCHEMA["properties"], error
        return None


def test_every_type_is_tried():
    """Each diagram type has random bodies here."""
    assert BODIES.keys() == FIRST.keys() == TYPES.keys()


@each_type
def test_the_schema_is_a_schema_and_explains_itself(name):
    """Draft 2020-12; every key at every depth has a title and a description; unknown keys are refused."""
    jsonschema.Draft202012Validator.check_schema(TYPES[name].SCHEMA)

    def objects(schema):
        yield schema
        for inner in schema.get("properties", {}).values():
            yield from objects(inner)

    for schema in objects(TYPES[name].SCHEMA):
        assert schema["title"] and schema["description"]
        assert "properties" not in schema or schema["additionalProperties"] is False


@each_type
@many
@given(data=st.data())
def test_an_outcome_may_be_expected(name, data):
    """Whatever comes of a body meets the schema of ``expect``."""
    trace = trace_of(name, data.draw(BODIES[name]))
    if trace is not None:
        expected = TYPES[name].SCHEMA["properties"]["expect"]
        jsonschema.Draft202012Validator(expected).validate(TYPES[name].outcome(trace))


def labels_of(scene):
    """Every line of text in the picture."""
    for item in scene.items:
        if isinstance(item, Label):
            yield item
        elif isinstance(item, Cell):
            yield from cell_labels(item)


def apart(one, other):
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def inside(inner, outer):
    return outer[0] <= inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2] and inner[3] <= outer[3]


@each_type
@many
@given(data=st.data())
def test_no_label_covers_another_or_is_cut_off(name, data):
    """All text lies in the picture, no two lines of it overlap, and none is smaller than 10 pixels at 328."""
    trace = trace_of(name, data.draw(BODIES[name]))
    for language in LANGUAGES if trace else ():
        scene = TYPES[name].layout(trace, language)
        areas = [label_area(label) for label in labels_of(scene)]
        assert all(inside(area, (0, 0, scene.width, scene.height)) for area in areas)
        assert all(apart(areas[i], areas[j]) for i in range(len(areas)) for j in range(i))
        assert scene.width == 328 and min(TEXT_ROLES[label.role][0] for label in labels_of(scene)) >= 10


@each_type
@many
@given(data=st.data())
def test_text_stays_within_its_box(name, data):
    """Each label lies wholly within a box, but for those beside an arrow; a cell's text within the cell."""
    trace = trace_of(name, data.draw(BODIES[name]))
    for language in LANGUAGES if trace else ():
        scene = TYPES[name].layout(trace, language)
        boxes = [b for b in scene.items if isinstance(b, Box) and b.role != "lane"]
        boxes = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes]
        for item in scene.items:
            if isinstance(item, Cell):
                area = (item.x, item.y, item.x + item.width, item.y + item.height)
                assert all(inside(label_area(label), area) for label in cell_labels(item))
                assert any(inside(area, box) for box in boxes)
            elif isinstance(item, Label) and not any(inside(label_area(item), box) for box in boxes):
                assert item.role == "note" and all(apart(label_area(item), box) for box in boxes)


@each_type
@many
@given(data=st.data())
def test_the_text_tells_all_that_the_picture_shows(name, data):
    """Every word and value of the picture, and what every arrow joins, is in the description, in its order."""
    trace = trace_of(name, data.draw(BODIES[name]))
    for language in LANGUAGES if trace else ():
        scene, told = TYPES[name].layout(trace, language), TYPES[name].describe(trace, language)
        place = 0
        for item in scene.items:
            if isinstance(item, Box):
                continue
            words = getattr(item, "text", None)
            if isinstance(item, Curve):
                place = told.index(item.told, place)
                continue
            if isinstance(item, Cell):
                words = f"{item.name}={item.value}"
            place = told.index(words or f"[{item.tail} → {item.head}]", place)


@each_type
@many
@given(data=st.data())
def test_the_svg_is_static_well_formed_and_small(name, data):
    """It parses, runs nothing, loads nothing, has its text as text, and takes less than 20 KB compressed."""
    trace = trace_of(name, data.draw(BODIES[name]))
    if trace is None:
        return
    scene = TYPES[name].layout(trace, "en")
    drawn = svg.render(scene, "d1")
    root = ElementTree.fromstring(drawn)
    names = {element.tag.split("}")[1] for element in root.iter()}
    assert names == {"svg", "title", "desc", "style", "rect", "text", "path"}
    assert not re.search(r"url\(|@import|href|\son\w+=|\{\{|\{%|\{#|\[\[\[|\n", drawn)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [label.text for label in labels_of(scene)]
    assert len(gzip.compress(drawn.encode())) < 20_000
    assert svg.render(TYPES[name].layout(trace, "en"), "d1") == drawn


def test_two_pictures_on_a_page_share_no_id():
    """All ids begin with the prefix, and the picture is named by its title and description."""
    scene = page_walk.layout(page_walk.run(FIRST["page-walk"]), "en")
    root = ElementTree.fromstring(svg.render(scene, "first"))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert root.get("role") == "img" and root.get("aria-labelledby").split() == ids == ["first-title", "first-desc"]


def test_what_could_be_markup_is_escaped():
    """Angle brackets, ampersands, quotes and braces come out as text."""
    scene = vmview.scene.Scene(9, 9, '<b> & "{{x}}"', "", (Label(0, 9, "</text><script>", "code"),))
    drawn = svg.render(scene, "x")
    assert ElementTree.fromstring(drawn)[0].text == '<b> & "{{x}}"'
    assert "<script" not in drawn and "{{" not in drawn


@pytest.mark.parametrize(
    "module",
    [page_walk, walk_rows, faults, exit_words, ept_walk, ept_words, shadow_words, plot_words],
    ids=lambda module: module.__name__,
)
def test_both_languages_have_the_same_words(module):
    """Every text exists in English and in Chinese with the same places to fill in."""
    english, chinese = module.WORDS["en"], module.WORDS["zh"]
    assert english.keys() == chinese.keys()
    for key in english:
        assert sorted(re.findall(r"\{\w+\}", english[key])) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
