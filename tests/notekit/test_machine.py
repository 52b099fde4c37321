"""Programs without a system: what a machine prints, how it ends, what is recorded of it, and what can go wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from notekit import machine, verify
from notekit.machine.qemu import LARGEST_IMAGE
from notekit.model import MACHINE_ENDS, BareMachine, Command, Example, Exceeded, Expectation, NamedFile, Output, Place
from notekit.parse.dump import dump
from tests.notekit.units import example, run

ANY = (Expectation((), 1, "registers"), Expectation((), 1, "interrupts"))


def asm(code: str, **options: Any) -> Example:
    """A block of assembly."""
    return example("asm", code, runner="machine", **options)


def ran(code: str, **options: Any) -> Output:
    """What came out of a block of assembly that QEMU could run."""
    (output,) = run(asm(code, **options))
    assert (output.broken, output.missing, output.exceeded) == (None, None, None)
    assert output.build is not None and output.build.exit == 0, output.build
    return output


def failure(one: Example) -> str:
    """The one failure of an example, with its place."""
    (output,) = run(one)
    (found,) = verify.verify(one, output).failures
    return f"{found.place}: {found.message}"


@pytest.mark.parametrize("bits", [16, 32, 64])
@pytest.mark.parametrize(
    ("assembler", "code"),
    [
        ("as", "movb $'a', %al\n outb %al, $0xe9\n movb $'b', %al\n movw $0x3f8, %dx\n outb %al, %dx\n"),
        ("nasm", "mov al, 'a'\n out 0xe9, al\n mov al, 'b'\n mov dx, 0x3f8\n out dx, al\n"),
    ],
)
def test_a_few_lines_run_in_each_mode(bits: Any, assembler: Any, code: str) -> None:
    """What goes to the debug port and to the serial line is printed; running past the end ends with 0."""
    output = ran(code, bare=BareMachine(bits=bits, assembler=assembler))
    assert (output.stdout, output.stderr, output.exit) == (b"ab", b"", 0)


@pytest.mark.parametrize("status", [0, 1, 42, 127])
def test_the_exit_port_gives_the_status(status: int) -> None:
    """What is written to isa-debug-exit is how the machine ends, the 1 included with which QEMU fails."""
    assert ran(f"mov ${status}, %al\n out %al, $0xf4").exit == status


def test_the_mode_is_what_the_guide_says() -> None:
    """In 64 bits the first GiB is mapped to itself, for user mode too; the stack ends where the program begins."""
    code = "mov %rsp, %rax\n mov %cr3, %rbx\n mov 0x3000, %rcx\n mov 0x3ff8, %rdx\n"
    code += "sgdt 0x6000\n mov 0x6002, %rsi\n ud2"
    text = dict(ran(code, expectations=ANY).streams)["registers"].decode()
    found = {name: int(value, 16) for name, value in re.findall(r"(R\w\w)=([0-9a-f]+)", text)}
    assert found["RAX"] == 0x7BF8
    assert found["RBX"] == 0x1000
    assert found["RCX"] & ~0x60 == 0x87
    assert found["RDX"] & ~0x60 == 0x3FE00087
    assert found["RSI"] == 0x800


def test_an_exception_without_a_handler_ends_in_a_triple_fault() -> None:
    """It is a reset, which ends the machine; the log has the fault, the faults in delivering it, and the end."""
    output = ran("nop\n ud2", expectations=ANY)
    assert output.exit == MACHINE_ENDS["reset"]
    log = dict(output.streams)["interrupts"].decode().splitlines()
    assert [re.sub(r" i=.*", "", line) for line in log] == [
        "check_exception old: 0xffffffff new 0x6",
        "0: v=06 e=0000",
        "check_exception old: 0xffffffff new 0xd",
        "1: v=0d e=0062",
        "check_exception old: 0xd new 0xd",
        "2: v=08 e=0000",
        "check_exception old: 0x8 new 0xd",
        "Triple fault",
    ]
    registers = dict(output.streams)["registers"].decode()
    assert "RIP=0000000000007c01 " in registers
    assert not re.search("CCS|DR7|XMM", registers)


def test_real_mode_resets_too() -> None:
    """In 16 bits an interrupt that has no handler is a reset as well, and a handler can be set."""
    bare = BareMachine(bits=16)
    assert ran("int $0x21", bare=bare).exit == MACHINE_ENDS["reset"]
    code = "movw $on, 4*0x21\n int $0x21\n ret\non: movb $'!', %al\n outb %al, $0xe9\n iretw"
    assert ran(code, bare=bare).stdout == b"!"


def test_streams_that_no_block_states_are_not_recorded() -> None:
    """Recording registers runs the machine a second time, so it is done where the note asks for it only."""
    assert ran("nop").streams == ()
    assert [name for name, _ in ran("nop", expectations=ANY[:1]).streams] == ["registers"]


def test_a_program_may_have_an_origin_of_its_own() -> None:
    """A boot sector for NASM says org, and is padded: it runs as it is."""
    code = "org 0x7c00\nmov al, [text]\nout 0xe9, al\nret\ntext: db 'x'\ntimes 510-($-$$) db 0\ndw 0xaa55"
    assert ran(code, bare=BareMachine(bits=16, assembler="nasm")).stdout == b"x"


def test_data_of_other_sections_lies_behind_the_code() -> None:
    """.data and .rodata are in the image, .bss is zero."""
    code = "mov (a), %al\n out %al, $0xe9\n mov (b), %al\n add (z), %al\n out %al, $0xe9\n ret\n"
    sections = ".data\na: .byte 'a'\n.section .rodata\nb: .byte 'b'\n.bss\nz: .skip 8"
    assert ran(code + sections).stdout == b"ab"


def test_what_hangs_meets_its_deadline() -> None:
    """A machine that never ends is ended, and one line says so at the block."""
    found = failure(asm("cli\n hlt", timeout=0.5))
    assert found.startswith("a/b/en.md:1: exceeded a limit (deadline: more than 0.5 s); let it do less")


def test_what_resets_ends_at_the_first_time() -> None:
    """A machine that would reset for ever resets once; one line names the reset, and what the block would say."""
    assert failure(asm("mov $0xfe, %al\n out %al, $0x64\n hlt")) == (
        "a/b/en.md:1: ended with a reset where the note says exit 0; "
        "correct the program, or write exit=reset on the block"
    )


def test_what_floods_the_port_meets_the_limit_of_output() -> None:
    """A machine that prints without end is ended at a MiB, and one line says so."""
    (output,) = run(asm("1: out %al, $0xe9\n jmp 1b"))
    assert output.exceeded == Exceeded("output", "1 MiB")
    assert "a/b/en.md:1: exceeded a limit (output: more than 1 MiB)" in failure(asm("1: out %al, $0xe9\n jmp 1b"))


@pytest.mark.parametrize("size", [LARGEST_IMAGE, LARGEST_IMAGE + 1])
def test_an_image_that_is_too_large_is_not_started(size: int) -> None:
    """What fits runs; a byte more is refused with both sizes."""
    content = b"\xc3" + bytes(size - 1)
    one = example("image", runner="machine", file=NamedFile("big.img", content))
    (output,) = run(one)
    if size == LARGEST_IMAGE:
        assert (output.exit, output.build) == (0, None)
        return
    assert failure(one) == (
        f"a/b/en.md:1: cannot be loaded: error: the image has {size} bytes; {LARGEST_IMAGE} fit into the machine; "
        "correct the image"
    )
    too_long = asm(f"ret\n .skip {LARGEST_IMAGE}")
    assert "cannot be assembled: error: the image has 492546 bytes" in failure(too_long)


@pytest.mark.parametrize(
    ("assembler", "message"),
    [("as", "no such instruction: `frobnicate now'"), ("nasm", "parser: instruction expected")],
)
def test_what_is_not_assembled_fails_at_its_line(assembler: Any, message: str) -> None:
    """The assembler's complaint stands at the line of the note, whatever stands around the program."""
    one = asm("nop\n frobnicate now\n", bare=BareMachine(assembler=assembler), shown_place=Place("a/b/en.md", 11))
    assert failure(one) == f"a/b/en.md:12: cannot be assembled: {message}; correct the program"


def test_a_processor_that_qemu_does_not_know_is_an_error() -> None:
    """QEMU's own complaint is told."""
    (output,) = run(asm("nop", bare=BareMachine(cpu="Athlon-9")))
    assert output.broken == "QEMU ended: unable to find CPU model 'Athlon-9'"


def test_an_image_is_shown_as_bytes() -> None:
    """Readers see an image as xxd -a shows it: a * for lines of zeros."""
    assert dump(b"Hi\n" + bytes(61) + b"\x01") == (
        "00000000: 4869 0a00 0000 0000 0000 0000 0000 0000  Hi..............\n"
        "*\n"
        "00000040: 01                                       .\n"
    )


def asked(*commands: str, **options: Any) -> list[tuple[str, int | None]]:
    """What the commands of a console beside a machine printed, each with its prompt, and their ends."""
    names: dict[str, Any] = {"(qemu)": "qemu", "(qmp)": "qmp", "(gdb)": "gdb", "$": ""}
    found = tuple(
        Command(text, 1, Expectation((), 1), asked=names[prompt])
        for prompt, _, text in (command.partition(" ") for command in commands)
    )
    one = Example(
        note="a/b",
        name="x",
        id="x",
        language="console",
        place=Place("a/b/en.md", 1),
        document="en",
        runner="machine",
        commands=found,
        **options,
    )
    (output,) = run(one)
    assert (output.broken, output.missing) == (None, None)
    return [(command.text.decode(), command.exit) for command in output.commands]


LOOP = NamedFile("loop.s", b"        mov $3, %ecx\nagain:  mov $'.', %al\n        out %al, $0xe9\n        loop again\n")


def test_gdb_stops_a_machine_where_it_is_asked_to() -> None:
    """One gdb answers all questions of a block, knows the program's names, and shows its source."""
    found = asked(
        "(gdb) hbreak again",
        "(gdb) continue",
        "(gdb) print $ecx",
        "(gdb) delete",
        "(gdb) continue",
        "$ cat printed",
        file=LOOP,
    )
    assert [re.sub("Remote .*\n", "Remote", text) for text, _ in found] == [
        "Hardware assisted breakpoint 1 at 0x7c05: file loop.s, line 2.\n",
        "Continuing.\n\nBreakpoint 1, again () at loop.s:2\n2\tagain:  mov $'.', %al\n",
        "$1 = 3\n",
        "",
        "Continuing.\nRemote",
        "...",
    ]
    assert {status for _, status in found} == {0}


def test_the_monitor_and_qmp_answer_while_the_machine_is_held() -> None:
    """Quotes and backslashes reach the monitor; QMP's answer is JSON; both can be used in commands."""
    found = asked(
        "(qemu) info status",
        '(qemu) help "no\\such"',
        '(qmp) {"execute":"query-status"}',
        '(qmp) {"execute":"no"}',
        "$ monitor info registers | grep -c CR3=",
        "$ monitor gva2gpa 0x1234",
    )
    assert found[0] == ("VM status: paused (prelaunch)\n", 0)
    assert found[2] == ('{"return": {"status": "prelaunch", "singlestep": false, "running": false}}\n', 0)
    assert found[3][1] == 1 and found[3][0].startswith('{"error": {"class": "CommandNotFound"')
    assert found[4:] == [("1\n", 0), ("gpa: 0x1234\n", 0)]


def test_a_machine_without_a_program_is_at_its_reset_vector() -> None:
    """It has QEMU's own firmware, and waits at the first instruction."""
    assert asked("(gdb) print $rip", "(gdb) x/1bx 0xfffffff0") == [
        ("$1 = (void (*)()) 0xfff0\n", 0),
        ("0xfffffff0:\t0xea\n", 0),
    ]


def test_what_is_asked_of_a_machine_that_has_ended_says_so() -> None:
    """The monitor's last word is not waited for."""
    assert asked("(qemu) quit", "(qemu) info status")[1] == ("the machine has ended\n", 1)


def test_a_session_goes_on_with_its_machine() -> None:
    """The blocks of a session share one machine."""
    one, two = (
        Example(
            note="a/b",
            name=name,
            id=name,
            language="console",
            place=Place("a/b/en.md", 1),
            document="en",
            runner="machine",
            session="s",
            file=LOOP if name == "x" else None,
            commands=(Command(text, 1, Expectation((), 1), asked="gdb"),),
        )
        for name, text in (("x", "stepi"), ("y", "print $ecx"))
    )
    first, second = run(one, two)
    assert first.broken is None
    assert second.commands[0].text == b"$1 = 0\n" or second.commands[0].text.startswith(b"$1 = ")


def test_the_loader_is_of_64_kib() -> None:
    """A firmware's size is what QEMU takes."""
    assert {len(machine.firmware(bits)) for bits in (16, 32, 64)} == {1 << 16}
