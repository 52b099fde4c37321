"""The page-walk diagram: what an author writes, what comes of it, and that the picture can be read."""

import gzip
import re
import xml.etree.ElementTree as ElementTree

import jsonschema
import pytest
from hypothesis import given, settings

import vmview
from tests.vmview.bodies import bodies
from vmsim import FieldError
from vmview import faults, page_walk, svg, walk_rows
from vmview.outcome import EXPECT_SCHEMA
from vmview.scene import TEXT_ROLES, Box, Cell, Label, cell_labels, label_area

ADDRESS = 0x7F12_3456_7ABC
VALIDATOR = jsonschema.Draft202012Validator(page_walk.SCHEMA)
LANGUAGES = ("en", "zh")
many = settings(max_examples=150, deadline=None)


def outcome(**body):
    body = {"linear_address": ADDRESS} | body
    VALIDATOR.validate(body)
    return page_walk.outcome(page_walk.run(body))


def walk_of(body):
    """The walk, or None for a body that the schema admits and no processor could have."""
    VALIDATOR.validate(body)
    try:
        return page_walk.run(body)
    except FieldError as error:
        assert error.field.split("/")[0] in page_walk.SCHEMA["properties"]
        return None


def test_the_address_alone_is_a_user_read_of_unmapped_memory():
    """The shortest body of all: nothing mapped, #PF with error code 4."""
    assert outcome()["page_fault"]["error_code"] == 4


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"page_size": "4 KiB"}, {"physical_address": 0x4000_0ABC, "page_size": "4 KiB", "sets_dirty": []}),
        ({"page_size": "2 MiB"}, {"physical_address": 0x4016_7ABC, "sets_accessed": ["PML4E", "PDPTE", "PDE"]}),
        ({"page_size": "1 GiB", "page_frame": 0}, {"physical_address": 0x3456_7ABC}),
        ({"page_frame": 0x5000}, {"physical_address": 0x5ABC, "page_size": "4 KiB"}),
        ({"page_size": "4 KiB", "access": "write"}, {"sets_dirty": ["PTE"]}),
        ({"page_size": "4 KiB", "entries": {"PTE": {"D": 1, "A": 1}}, "access": "write"}, {"sets_dirty": []}),
    ],
)
def test_mapped(body, expected):
    """A page size, or a page frame, maps the address; every other key may be left out."""
    found = outcome(**body)
    assert {key: found[key] for key in expected} == expected


@pytest.mark.parametrize(
    "body, error_code, rules",
    [
        ({"entries": {"PML4E": {}, "PDPTE": {}}}, 4, ["not-present"]),
        ({"page_size": "4 KiB", "entries": {"PDE": {"P": 0}}}, 4, ["not-present"]),
        ({"page_size": "4 KiB", "entries": {"PTE": {"R/W": 0}}, "access": "write"}, 7, ["read-only"]),
        ({"page_size": "4 KiB", "entries": {"PTE": {"XD": 1}}, "access": "fetch"}, 0x15, ["execute-disable"]),
        ({"page_size": "4 KiB", "entries": {"PTE": {"XD": 1}}, "efer_nxe": 0}, 13, ["reserved-bit"]),
        ({"page_size": "4 KiB", "mode": "supervisor", "access": "fetch", "cr4_smep": 1}, 0x11, ["smep"]),
        ({"page_size": "4 KiB", "mode": "supervisor", "cr4_smap": 1}, 1, ["smap"]),
        ({"page_size": "4 KiB", "cr4_pke": 1, "pkru": 1}, 0x25, ["protection-key"]),
        ({"page_size": "4 KiB", "maxphyaddr": 40, "entries": {"PTE": {"address": 1 << 45}}}, 13, ["reserved-bit"]),
        ({"tables": {0x17F0: 0x9003}, "entries": {}}, 4, ["not-present"]),
    ],
)
def test_faults(body, error_code, rules):
    """Each kind of fault can be written down, and its outcome names the error code and the rules."""
    found = outcome(**body)["page_fault"]
    assert (found["error_code"], found["rules"]) == (error_code, rules)


def test_tables_by_hand():
    """Memory given as addresses and values, with integer keys (YAML) or string keys (JSON)."""
    tables = {0x17F0: 0x2007, 0x2240: 0x4000_0087}
    written = outcome(tables=tables)
    assert written["physical_address"] == 0x7456_7ABC
    assert outcome(tables={hex(at): value for at, value in tables.items()}) == written


@pytest.mark.parametrize(
    "body, message",
    [
        ({}, "linear_address is None; allowed: a value: it is required"),
        ({"linear_address": 0, "cr9": 1}, "cr9 is 0x1; allowed: access, cr0_wp, "),
        ({"linear_address": 0, "mode": "kernel"}, "mode is 'kernel'; allowed: user, supervisor"),
        ({"linear_address": 0, "tables": {"top": 1}}, "tables is 'top'; allowed: physical addresses as keys"),
        ({"linear_address": 0, "tables": {4: 1}}, "tables/4 is 0x4; allowed: a multiple of 8"),
        (
            {"linear_address": 0, "cr3": 1 << 45, "maxphyaddr": 40},
            "cr3 is 0x200000000000; allowed: an integer from 0x0 to",
        ),
    ],
)
def test_errors_are_for_people(body, message):
    """A body that cannot be is refused with the key, its value and what is allowed."""
    with pytest.raises(FieldError) as caught:
        page_walk.run(body)
    assert str(caught.value).startswith(message)


def test_the_schema_is_a_schema_and_explains_itself():
    """Draft 2020-12; every key at every depth has a title and a description; unknown keys are refused."""
    jsonschema.Draft202012Validator.check_schema(page_walk.SCHEMA)

    def objects(schema):
        yield schema
        for inner in schema.get("properties", {}).values():
            yield from objects(inner)

    for schema in objects(page_walk.SCHEMA):
        assert schema["title"] and schema["description"]
        assert "properties" not in schema or schema["additionalProperties"] is False


@many
@given(body=bodies())
def test_an_outcome_may_be_expected(body):
    """Whatever comes of a body meets the schema of ``expect``."""
    walk = walk_of(body)
    if walk is not None:
        jsonschema.Draft202012Validator(EXPECT_SCHEMA).validate(page_walk.outcome(walk))


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


@many
@given(body=bodies())
def test_no_label_covers_another_or_is_cut_off(body):
    """All text lies in the picture, no two lines of it overlap, and none is smaller than 10 pixels at 328."""
    walk = walk_of(body)
    for language in LANGUAGES if walk else ():
        scene = page_walk.layout(walk, language)
        areas = [label_area(label) for label in labels_of(scene)]
        assert all(inside(area, (0, 0, scene.width, scene.height)) for area in areas)
        assert all(apart(areas[i], areas[j]) for i in range(len(areas)) for j in range(i))
        assert scene.width == 328 and min(TEXT_ROLES[label.role][0] for label in labels_of(scene)) >= 10


@many
@given(body=bodies())
def test_text_stays_within_its_box(body):
    """Each label lies wholly within a box, but for those beside an arrow; a cell's text within the cell."""
    walk = walk_of(body)
    for language in LANGUAGES if walk else ():
        scene = page_walk.layout(walk, language)
        boxes = [(b.x, b.y, b.x + b.width, b.y + b.height) for b in scene.items if isinstance(b, Box)]
        for item in scene.items:
            if isinstance(item, Cell):
                area = (item.x, item.y, item.x + item.width, item.y + item.height)
                assert all(inside(label_area(label), area) for label in cell_labels(item))
                assert any(inside(area, box) for box in boxes)
            elif isinstance(item, Label) and not any(inside(label_area(item), box) for box in boxes):
                assert item.role == "note" and all(apart(label_area(item), box) for box in boxes)


@many
@given(body=bodies())
def test_the_text_tells_all_that_the_picture_shows(body):
    """Every word and value of the picture, and what every arrow joins, is in the description, in its order."""
    walk = walk_of(body)
    for language in LANGUAGES if walk else ():
        scene, told = page_walk.layout(walk, language), page_walk.describe(walk, language)
        place = 0
        for item in scene.items:
            if isinstance(item, Box):
                continue
            words = getattr(item, "text", None)
            if isinstance(item, Cell):
                words = f"{item.name}={item.value}"
            place = told.index(words or f"[{item.tail} → {item.head}]", place)


@many
@given(body=bodies())
def test_the_svg_is_static_well_formed_and_small(body):
    """It parses, runs nothing, loads nothing, has its text as text, and takes less than 20 KB compressed."""
    walk = walk_of(body)
    if walk is None:
        return
    scene = page_walk.layout(walk, "en")
    drawn = svg.render(scene, "d1")
    root = ElementTree.fromstring(drawn)
    names = {element.tag.split("}")[1] for element in root.iter()}
    assert names == {"svg", "title", "desc", "style", "rect", "text", "path"}
    assert not re.search(r"url\(|@import|href|\son\w+=|\{\{|\{%|\{#|\[\[\[|\n", drawn)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == [label.text for label in labels_of(scene)]
    assert len(gzip.compress(drawn.encode())) < 20_000
    assert svg.render(page_walk.layout(page_walk.run(body), "en"), "d1") == drawn


def test_two_pictures_on_a_page_share_no_id():
    """All ids begin with the prefix, and the picture is named by its title and description."""
    scene = page_walk.layout(page_walk.run({"linear_address": ADDRESS}), "en")
    root = ElementTree.fromstring(svg.render(scene, "first"))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert root.get("role") == "img" and root.get("aria-labelledby").split() == ids == ["first-title", "first-desc"]


def test_what_could_be_markup_is_escaped():
    """Angle brackets, ampersands, quotes and braces come out as text."""
    scene = vmview.scene.Scene(9, 9, '<b> & "{{x}}"', "", (Label(0, 9, "</text><script>", "code"),))
    drawn = svg.render(scene, "x")
    assert ElementTree.fromstring(drawn)[0].text == '<b> & "{{x}}"'
    assert "<script" not in drawn and "{{" not in drawn


@pytest.mark.parametrize("module", [page_walk, walk_rows, faults], ids=lambda module: module.__name__)
def test_both_languages_have_the_same_words(module):
    """Every text exists in English and in Chinese with the same places to fill in."""
    english, chinese = module.WORDS["en"], module.WORDS["zh"]
    assert english.keys() == chinese.keys()
    for key in english:
        assert sorted(re.findall(r"\{\w+\}", english[key])) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
