"""``vmsim stream`` and ``vmsim bench``: what they print, how they end, what their errors say."""

import json
from array import array

import pytest

from tests.vmsim.test_cli import TABLES, vmsim
from vmsim.cli import addresses, bench_programs
from vmsim.stream import Counts, mapping, simulate
from vmsim.stream_patterns import PATTERNS

STREAM = array("Q", [0x1000, 0x2000, 0x1008, 1 << 47, 0x7FFF_FFFF_F000, 0x1000])
TEXT = b"# from a trace\n0x1000\n8192\n\n0x1008  # again\r\n0x800000000000\n0x7ffffffff000\n0x1000"


@pytest.fixture
def binary(tmp_path):
    """The stream as 8 bytes for each address."""
    path = tmp_path / "stream.bin"
    path.write_bytes(STREAM.tobytes())
    return path


def counted(status, out, err):
    """The only stream of ``--json``."""
    assert (status, err) == (0, "")
    (one,) = json.loads(out)["streams"]
    return one


@pytest.mark.parametrize("mode", ["native", "nested", "shadow"])
def test_a_file_is_counted(binary, mode):
    """The counts are those of the library, the cycles those of the stated costs."""
    found = simulate(STREAM, mapping(mode))
    one = counted(*vmsim("stream", binary, "--mode", mode, "--json"))
    expected = {name: getattr(found, name) for name in Counts._fields} | {"checksum": hex(found.checksum)}
    assert one == {"file": str(binary), "mode": mode, "page_size": "4 KiB", "cycles": found.cycles()} | expected


def test_text_and_bytes_are_the_same_stream(tmp_path, binary):
    """A file is text or binary by what it holds; standard input as well; a comment and an empty line are none."""
    text = tmp_path / "stream.txt"
    text.write_bytes(TEXT)
    found = [counted(*vmsim("stream", path, "--json")) for path in (binary, text)]
    found += [counted(*vmsim("stream", "-", "--json", stdin=given)) for given in (TEXT, STREAM.tobytes())]
    assert len({json.dumps(one | {"file": ""}) for one in found}) == 1


def test_what_is_printed_for_people(binary):
    """A line for each kind of event, with its share."""
    status, out, err = vmsim("stream", binary)
    assert (status, err) == (0, "")
    assert out.splitlines()[0] == f"{binary}: 6 references, native, pages of 4 KiB"
    assert "  dTLB hits                                  2     33.33 %" in out
    assert "  entries read                               9      3.00 a walk" in out
    assert "  faults                                     1     16.67 %" in out
    assert "from a cached PML4E" not in out


def test_a_chunk_ends_anywhere(monkeypatch, tmp_path):
    """Where a read ends within an address or a line, nothing is lost."""
    binary, text = tmp_path / "b", tmp_path / "t"
    binary.write_bytes(STREAM.tobytes())
    text.write_bytes(TEXT)
    expected = counted(*vmsim("stream", binary, "--json"))
    for chunk in (1, 3, 7, 9):
        monkeypatch.setattr(addresses, "CHUNK", chunk)
        monkeypatch.setattr(addresses, "LINES", 2)
        for path, kind in ((binary, "binary"), (text, "text")):
            assert counted(*vmsim("stream", path, "--json", "--format", kind)) == expected | {"file": str(path)}


def test_several_files_are_several_streams(tmp_path, binary):
    """Each has structures of its own, and is counted as if alone."""
    status, out, _ = vmsim("stream", binary, binary, "--json")
    assert status == 0
    one = counted(*vmsim("stream", binary, "--json"))
    assert json.loads(out)["streams"] == [one, one]
    assert len(vmsim("stream", binary, binary)[1].split("\n\n")) == 2


def test_geometry_and_costs_are_options(binary):
    """Structures may be another size or missing, and events cost what one says."""
    one = counted(*vmsim("stream", binary, "--json", "--no-structure-caches"))
    assert one["entries_read"] == 4 * one["walks"]
    one = counted(*vmsim("stream", binary, "--json", "--pde", "none", "--dtlb", "1x1", "--stlb", "none"))
    assert (one["dtlb_hits"], one["pde_hits"], one["pdpte_hits"]) == (0, 0, 3)
    one = counted(*vmsim("stream", binary, "--json", "-c", "entry=1", "-c", "fault=0"))
    assert one["cycles"] == one["entries_read"]


def test_tables_may_be_given(tmp_path):
    """A stream goes through tables in the text that ``vmsim walk`` reads."""
    tables = tmp_path / "tables.txt"
    tables.write_text(TABLES)
    one = counted(*vmsim("stream", "-", "--tables", tables, "--json", stdin=b"0x7f1234567abc\n0x7f1234568000\n"))
    assert (one["walks"], one["faults"], one["checksum"]) == (2, 1, "0x40000abc")


def test_the_source_counts_the_same(binary):
    """``--interpreted`` runs the loop as it is written."""
    assert vmsim("stream", binary, "--interpreted") == vmsim("stream", binary)


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (["-"], b"0x1000\nabc\n12\n-1\n", "standard input:2: 'abc' is no address; 0x7ffd1000 or 4096"),
        (["-"], b"1\n\n0x10000000000000000\n", "standard input:3: '0x10000000000000000' is no address"),
        (["-"], b"\0" * 12, "standard input: 12 bytes are no whole number of addresses; 8 bytes each would be"),
        (["/nowhere"], b"", "vmsim stream: /nowhere cannot be read (No such file or directory)"),
        (["-", "--stlb", "100x3"], b"", "'100x3' is no structure"),
        (["-", "--stlb", "96x8"], b"", "'96x8' is no structure (sets is 0xc; allowed: a power of 2)"),
        (["-", "--stlb", "64"], b"", "1536x12 (entries x ways, 2^n sets) or none would be"),
        (["-", "--dtlb", "none"], b"", "dtlb is 'none'; allowed: entries x ways"),
        (["-", "-c", "walks=3"], b"", "dtlb_hit, stlb_hit, walk, entry, fault, exit"),
        (["-", "-c", "walk=x"], b"", "walk is 'x'; allowed: a number"),
        (["-", "--mode", "shadow", "--tables", "x"], b"", "native and nested, with --tables"),
        (["-", "--tables", "/nowhere"], b"", "vmsim stream: /nowhere cannot be read"),
        ([], b"", "Missing argument 'FILE...'"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(arguments, stdin, message):
    """An error is status 2 and one message on standard error, with the line where there is one; nothing is counted."""
    status, out, err = vmsim("stream", *arguments, stdin=stdin)
    assert (status, out) == (2, "")
    assert message in " ".join(err.split())


def test_all_lines_that_are_wrong_are_named_at_once():
    """Each has its number; after twenty it says that there are more."""
    _, _, err = vmsim("stream", "-", stdin=b"0x1\nx\n0x2\ny\n")
    assert [line.split(" ")[1].split(":")[1] for line in err.splitlines()] == ["2", "4"]
    _, _, err = vmsim("stream", "-", stdin=b"x\n" * 100)
    assert len(err.splitlines()) == 21 and err.splitlines()[-1] == "… and more lines like these"


SMALL = ("--count", "3000", "--rounds", "1")
NAMES = [one.name for one in PATTERNS if one.size <= 1 << 30]


def only(*names):
    return [part for name in names for part in ("--pattern", name)]


def test_bench_measures_what_it_says():
    """Its JSON has a row for each pattern and mode, with speeds, and all programs come to the same."""
    status, out, err = vmsim("bench", "--json", *SMALL, *only(*NAMES))
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert list(found) == ["rows"]
    assert [(row["mode"], row["pattern"]) for row in found["rows"]] == [
        (mode, name) for mode in ("native", "nested") for name in NAMES
    ]
    for row in found["rows"]:
        assert list(row) == ["pattern", "mode", "compiled", "interpreted", "c_plain", "c_best", "equal"]
        assert row["equal"] is True
        assert all(row[name] > 0 for name in ("compiled", "interpreted", "c_plain", "c_best"))


@pytest.mark.parametrize("options", [(), ("--no-simd",)])
def test_bench_prints_a_table(options):
    """A line for each row, with the ratios to both C programs."""
    status, out, _ = vmsim("bench", *SMALL, *only(NAMES[0]), "--mode", "native", *options)
    assert status == 0
    head, row = out.splitlines()
    assert head.split()[-5:] == ["of", "plain", "of", "best", "equal"] and row.startswith(NAMES[0])
    assert row.endswith("yes")


def test_bench_finds_a_program_that_counts_otherwise(monkeypatch, tmp_path):
    """A C program with another checksum is not equal, and that is status 1."""
    for name in ("plain", "best"):
        text = (bench_programs.FOLDER / f"{name}.c").read_text()
        (tmp_path / f"{name}.c").write_text(text.replace("address % 4096", "address % 2048"))
    assert (tmp_path / "plain.c").read_text() != (bench_programs.FOLDER / "plain.c").read_text()
    monkeypatch.setattr(bench_programs, "FOLDER", tmp_path)
    status, out, _ = vmsim("bench", "--json", *SMALL, *only(NAMES[0]), "--mode", "native")
    assert status == 1 and json.loads(out)["rows"][0]["equal"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--pattern", "random"], "pattern is 'random'; allowed: sequential, 64 bytes; "),
        (["--count", "0"], "count is 0x0; allowed: an integer from 0x1"),
        (["--rounds", "0"], "rounds is 0x0; allowed: an integer from 0x1"),
    ],
)
def test_bench_says_what_would_be_right(arguments, message):
    """A pattern, count or number of rounds that cannot be is status 2."""
    status, out, err = vmsim("bench", "--json", *arguments)
    assert (status, out) == (2, "") and message in err


def test_bench_says_what_it_lacks(monkeypatch, tmp_path):
    """Without a compiler, with one that fails, or outside of the project it says so."""
    small = ("bench", "--json", *SMALL, *only(NAMES[0]))
    monkeypatch.setenv("CC", "/nowhere/cc")
    assert vmsim(*small)[::2] == (2, "vmsim bench: /nowhere/cc cannot be run (No such file or directory); "
                                     "a C compiler would be right\n")  # fmt: skip
    monkeypatch.setenv("CC", "false")
    assert "ended with 1" in vmsim(*small)[2]
    monkeypatch.delenv("CC")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert vmsim(*small)[2] == "vmsim bench: there is no C compiler; gcc, or CC=COMPILER, would be right\n"
    monkeypatch.setattr(bench_programs, "FOLDER", tmp_path)
    assert "plain.c is missing" in vmsim(*small)[2]
