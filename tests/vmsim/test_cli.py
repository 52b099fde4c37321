"""The command ``vmsim``: what it prints, how it ends, and that no input makes it crash."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from vmsim import _build
from vmsim.cli import decide_walk, main, rows

DATA = Path(__file__).parent / "data"
BUILDS = (_build.interpreted(), _build.compiled())
TABLES = """\
# four levels for 0x7f1234567abc
cr3: 0x1000
0x17f0: 0x2007
0x2240: 0x3007
0x3d10: 0x4007
0x4b38: 0x40000065
"""


def vmsim(*arguments, stdin=None):
    """Exit status, standard output, standard error."""
    ran = CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.stdout, ran.stderr


def row(kind, expect, **given):
    return json.dumps({"id": "T", "kind": kind, "input": given, "expect": expect}).encode()


def vectors(name):
    return (DATA / name).read_bytes().splitlines()


@pytest.mark.parametrize("option", [(), ("--interpreted",)])
def test_page_walks_replay_without_a_mismatch(option):
    """All rows are decided as by the emulators, on both builds."""
    assert vmsim("replay", DATA / "page-walk.jsonl", *option) == (0, "600 rows, 0 mismatches\n", "")


def test_ept_rows_replay_without_a_mismatch():
    """Each row about EPT gives what the emulator gave, on both builds, and the host's flags besides."""
    lines = [line for line in vectors("vmx.jsonl") if json.loads(line)["kind"] in decide_walk.QUESTIONS]
    assert len(lines) == 153
    for build in BUILDS:
        assert [str(found) for line in lines if (found := rows.compare(build, line))] == []


def test_a_row_that_differs_is_printed_and_counted(tmp_path):
    """The line says what was expected and what came; the last one counts; the status is 1."""
    line = next(line for line in vectors("vmx.jsonl") if b"X-ept_perm-0014" in line)
    file = tmp_path / "rows.jsonl"
    file.write_bytes(line + b"\n\n" + line.replace(b"0x1a2", b"0x182") + b"\n")
    status, out, _ = vmsim("replay", file)
    assert (status, out.splitlines()) == (
        1,
        [
            f'{file}:3: X-ept_perm-0014 (ept_perm): qualification: expected "0x182", came "0x1a2"',
            "2 rows, 1 mismatches",
        ],
    )
    status, out, _ = vmsim("replay", file, "--json")
    assert (status, json.loads(out)["differing"][0]["came"]) == (1, {"qualification": "0x1a2"})


def perm(**changes):
    return row("ept_perm", {}, **({"level": 1, "perm": 7, "access": "r", "page": "4K", "ept_ad": 0} | changes))


BAD_ROWS = [
    (b"nonsense", "this is no JSON"),
    (b"[" * 100_000, "this is no JSON"),
    (b"\xff", "this is no JSON"),
    (b"[]", "a row is a JSON object"),
    (b'{"kind": "magic", "input": {}, "expect": {}}', "unknown kind"),
    (b'{"kind": ["ept_perm"], "input": {}, "expect": {}}', "unknown kind"),
    (b'{"kind": "ept_perm", "input": {}}', "a row has the objects input and expect"),
    (row("ept_perm", {}), "page is None; allowed: a value: it is required"),
    (perm(level=5), "level is 0x5; allowed: an integer from 0x1"),
    (perm(page="2M"), "level is 0x1; allowed: 2, 3, 4"),
    (perm(perm=8), "perm is 0x8; allowed: an integer from 0x0"),
    (perm(access="rw"), "access is 'rw'; allowed: r, w, x"),
    (perm(ept_ad=2), "ept_ad is 0x2; allowed: 0, 1"),
    (perm(level=2, leaf=True), "leaf is True; allowed: whether"),
    (perm(x=1), "x is 0x1; allowed: no such key"),
    (row("ept_perm_combo", {}, perms_pml4e_pdpte_pde_pte=[7], access="r", ept_ad=0), "perms_pml4e_pdpte_pde_pte is ["),
    (row("ept_high_bit", {}, level=1, bit=64, maxphyaddr=40, access="r"), "bit is 0x40; allowed: an integer from 0x0"),
    (row("ept_high_bit", {}, level=1, bit=40, maxphyaddr=53, access="r"), "maxphyaddr is 0x35; allowed"),
    (row("ept_large_align_bit", {}, level=1, bit=12, access="r"), "level is 0x1; allowed: an integer from 0x2 to 0x3"),
    (row("pf_vs_ept", {}, guest_pte="0xg", target_ept_perm=0, access="r"), "guest_pte is '0xg'; allowed: an integer"),
]  # fmt: skip


@pytest.mark.parametrize("line, problem", BAD_ROWS, ids=range(len(BAD_ROWS)))
def test_a_row_that_cannot_be_read_is_a_mismatch(tmp_path, line, problem):
    """It says which key it is, and the rows after it are decided."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(line + b"\n" + vectors("page-walk.jsonl")[0])
    status, out, _ = vmsim("replay", file)
    assert (status, out.splitlines()[-1]) == (1, "2 rows, 1 mismatches")
    assert problem in out


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.integers(0, 2**70).map(hex),
    st.sampled_from(["r", "w", "x", "4K", "2M", "1G", 0, 1, 2, 3, 4, 7]),
)  # fmt: skip
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner))
SAMPLES = [json.loads(line) for name in ("page-walk.jsonl", "vmx.jsonl") for line in vectors(name)]


@given(data=st.data())
def test_no_row_makes_replay_crash(data):
    """Any JSON in the place of any key of a row of any kind is decided, or is a mismatch in words."""
    sample = dict(data.draw(st.sampled_from(SAMPLES)))
    inner = "input" if "kind" in sample and data.draw(st.booleans()) else None
    target = sample if inner is None else dict(sample[inner])
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)
    if inner is not None:
        sample[inner] = target
    line = json.dumps(sample).encode()
    assert repr(rows.compare(BUILDS[0], line)) == repr(rows.compare(BUILDS[1], line))


@given(line=st.binary(max_size=40))
def test_no_bytes_make_replay_crash(line):
    """Any bytes are a mismatch in words."""
    assert rows.compare(BUILDS[0], line) is not None


@pytest.mark.parametrize("option", [(), ("--interpreted",)])
def test_walk_tells_each_entry(option):
    """Steps in order, what each sets, and the address that is found."""
    status, out, _ = vmsim("walk", "0x7f1234567abc", "--tables", "-", *option, stdin=TABLES)
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "0x7f1234567abc: user-mode read, 4-level paging"
    assert [line.split()[0] for line in lines if " at 0x" in line and not line.startswith(" ")][:4] == [
        "PML4E", "PDPTE", "PDE", "PTE",
    ]  # fmt: skip
    assert lines.count("  sets A") == 3
    assert lines[-1] == "physical address 0x40000abc, 4 KiB page at 0x40000000"


def test_walk_tells_which_rule_decides():
    """A fault has its error code, CR2, and the section of the manual that states the rule."""
    _, out, _ = vmsim("walk", "0x7f1234567abc", "--tables", "-", "--access", "write", stdin=TABLES)
    assert out.splitlines()[-3:] == [
        "#PF, error code 0x7 (U/S W/R P)",
        "  CR2 0x7f1234567abc",
        '  read-only: Intel SDM volume 3, "Determination of Access Rights"',
    ]


def test_walk_as_json():
    """The same as one object, addresses as hexadecimal strings."""
    _, out, _ = vmsim("walk", "0x7f1234567abc", "--tables", "-", "--access", "write", "--json", stdin=TABLES)
    (walk,) = json.loads(out)["walks"]
    assert [step["entry_address"] for step in walk["steps"]] == ["0x17f0", "0x2240", "0x3d10", "0x4b38"]
    assert (walk["result"]["kind"], walk["result"]["error_code"]) == ("#PF", 7)
    assert walk["result"]["rules"][0]["source"] == 'Intel SDM volume 3, "Determination of Access Rights"'


def test_walk_through_an_image(tmp_path):
    """Bytes from a base address on are memory, and entries given as text are stored over them."""
    image = tmp_path / "memory.bin"
    words = {0x17F0: 0x2007, 0x2240: 0x3007, 0x3D10: 0x4007, 0x4B38: 0x4000_0067}
    content = bytearray(0x5000 - 0x1000)
    for address, value in words.items():
        content[address - 0x1000 : address - 0x1000 + 8] = value.to_bytes(8, "little")
    image.write_bytes(content)
    options = ("walk", "0x7f1234567abc", "--image", image, "--base", "0x1000", "--cr3", "0x1000")
    assert "physical address 0x40000abc" in vmsim(*options)[1]
    assert "error code 0x4" in vmsim(*options, "--tables", "-", stdin="0x4b38: 0")[1]
    assert image.read_bytes() == content
    status, _, err = vmsim("walk", 0, "--image", image, "--base", "0x1000", "--cr3", "0x8000")
    assert (status, err.split(";")[0]) == (2, "vmsim walk: address of the entry that CR3 leads to is 0x8000")
    status, _, err = vmsim("walk", 0, "--image", image, "--base", "0x1000", "--cr3", 0)
    assert (status, err.split(": ", 1)[1]) == (
        2, "address of the entry that CR3 leads to is 0x0; allowed: an integer from 0x1000 to 0x4ff8\n",
    )  # fmt: skip


def test_walk_in_a_guest():
    """With an EPT pointer the tables are guest-physical, and each EPT walk is told where it is taken."""
    nested = TABLES + "eptp: 0x10001e\n0x100000: 0x101007\n0x101000: 0xb7\n"
    _, out, _ = vmsim("walk", "0x7f1234567abc", "--tables", "-", stdin=nested)
    lines = out.splitlines()
    assert sum(line.startswith("  EPT: guest-physical") for line in lines) == 4 + 3 + 1
    assert lines[-4:] == [
        "EPT violation (exit reason 48), exit qualification 0x181",
        "  translation of the linear address, guest linear address valid, data read",
        "  guest-physical address 0x40000abc",
        '  ept-not-present: Intel SDM volume 3, "EPT Violations"',
    ]
    _, out, _ = vmsim("walk", "0x7f1234567abc", "--tables", "-", "--json", stdin=nested + "0x101008: 0x400000b7\n")
    (walk,) = json.loads(out)["walks"]
    assert walk["result"]["host_physical_address"] == "0x40000abc"
    assert [len(step["ept"]["steps"]) for step in walk["steps"]] == [2] * 4


def test_walk_with_pae_loads_the_registers_first():
    """The load is told before the walk; where it raises #GP there is no walk."""
    tables = "cr3: 0x1000\nefer: 0\n0x1000: 0x2001\n0x2000: 0x600087\n"
    _, out, _ = vmsim("walk", "0x123", "--tables", "-", stdin=tables)
    load, walk = out.split("\n\n")
    assert load.startswith("MOV to CR3 loads the PDPTE registers\nPDPTE ")
    assert walk.endswith("physical address 0x600123, 2 MiB page at 0x600000\n")
    _, out, _ = vmsim("walk", "0x123", "--tables", "-", "--json", stdin=tables.replace("0x2001", "0x2003"))
    assert (json.loads(out)["pdpte_load"]["result"]["kind"], json.loads(out)["walks"]) == ("#GP", [])


def test_walk_across_a_page_is_two_walks():
    """With a size that crosses the boundary the second page's walk follows."""
    _, out, _ = vmsim("walk", "0x7f1234567ffc", "--size", "8", "--tables", "-", stdin=TABLES)
    first, second = out.split("\n\n")
    assert "physical address 0x40000ffc" in first
    assert second.startswith("0x7f1234568000: ")


@pytest.mark.parametrize(
    "text, errors",
    [
        ("cr3 0x1000", ["-:1: 'cr3 0x1000' is no entry or register; write it as in 0x1000: 0x2007"]),
        ("cr3: 0x1000\nfs: 1\n0x1000: zzz\n", ["-:2: 'fs' is neither an address", "-:3: '0x1000: zzz'"]),
        ("0x8: 1\n8: 2\n", ["-:2: 8 is on line 1 already; give it once"]),
        ("0x8: 0x10000000000000000", ["-:1: 0x8 is 0x10000000000000000; allowed: 0 to 0xffffffffffffffff"]),
        ("cr3: 0\n0x9: 1\n0xa: 1", ["-:2: address is 0x9; allowed: a multiple of 8", "-:3: address is 0xa; allowed"]),
        ("0x8: 1", ["vmsim walk: cr3 is None; allowed: --cr3 NUMBER"]),
        ("cr3: 0\nmaxphyaddr: 20", ["vmsim walk: maxphyaddr is 0x14; allowed: an integer from 0x20 to 0x34"]),
        ("cr3: 0\neptp: 7", ["vmsim walk: eptp is 0x7; allowed: a memory type"]),
    ],
)  # fmt: skip
def test_tables_that_cannot_be_are_refused_line_by_line(text, errors):
    """All that is wrong is said at once, each at its line, on standard error; the status is 2."""
    status, out, err = vmsim("walk", "0", "--tables", "-", stdin=text)
    assert (status, out) == (2, "")
    lines = [line.replace("<stdin>", "-") for line in err.splitlines()]
    assert len(lines) == len(errors)
    assert all(line.startswith(error) for line, error in zip(lines, errors, strict=True))


@pytest.mark.parametrize(
    "arguments, error",
    [
        (("0x10000000000000000", "--cr3", "0", "--tables", "-"), "linear_address is 0x10000000000000000; allowed"),
        (("0", "--cr3", "0"), "tables is None; allowed: --tables FILE, --image FILE, or both"),
        (("zz", "--cr3", "0", "--tables", "-"), "'zz' is no number; allowed: an integer such as 4096 or 0x1000"),
        (("0", "--cr3", "0", "--cpl", "4", "--tables", "-"), "cpl is 0x4; allowed: an integer from 0x0 to 0x3"),
        (("0", "--cr3", "0", "--size", "0", "--tables", "-"), "size is 0x0; allowed: an integer from 0x1 to 0x1000"),
        (("0", "--cr3", "0", "--cr4", "0", "--tables", "-"), "cr4 is 0x0; allowed: PAE (bit 5) set, for EFER.LMA is"),
        (("0", "--cr3", "0", "--image", "/dev/null"), "image is '/dev/null'; allowed: a file of at least 8 bytes"),
    ],
)
def test_walk_refuses_what_cannot_be(arguments, error):
    """The message names the field, its value and what is allowed."""
    status, out, err = vmsim("walk", *arguments, stdin="")
    assert (status, out) == (2, "")
    assert error in " ".join(err.split())


def test_commands_are_what_the_folder_holds():
    """Each command is found by its file, and tells how it is used."""
    _, out, _ = vmsim("--help")
    for name in ("replay", "walk"):
        assert f"\n  {name} " in out
        assert vmsim(name, "--help")[0] == 0
    assert vmsim("nonsense")[0] == 2
