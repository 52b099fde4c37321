"""Exit reasons, SVM exit codes, KVM's handlers: numbers and names, against the headers of the installed kernel."""

import itertools
import os
import re
import subprocess

import pytest

from vmsim import FieldError, exit_reasons, kvm, qualification, svm_exit_codes


def macros(header):
    """What ``#include <asm/…>`` defines, by the C compiler that the extensions are compiled with."""
    compiler = os.environ.get("CC", "cc")
    source = f"#include <asm/{header}>\n"
    ran = subprocess.run([compiler, "-xc", "-E", "-dM", "-"], input=source, capture_output=True, text=True, check=True)
    return ran.stdout


def test_every_exit_reason_of_linux_has_its_number_and_name():
    """What asm/vmx.h defines is in the table, under the same number and name."""
    defined = dict(re.findall(r"#define\s+EXIT_REASON_(\w+)\s+(\d+)", macros("vmx.h")))
    assert len(defined) > 50
    assert {name: exit_reasons.by_name(name).number for name in defined} == {n: int(v) for n, v in defined.items()}
    assert {exit_reasons.by_number(int(number)).name for number in defined.values()} == set(defined)


def test_every_svm_exit_code_of_linux_has_its_number_and_name():
    """What asm/svm.h defines and prints is in the table, under the same number and name."""
    text = macros("svm.h")
    numbers = dict(re.findall(r"#define\s+(SVM_\w+)\s+(-?(?:0x)?[0-9a-f]+)\s*$", text, re.MULTILINE))
    printed = dict(re.findall(r"\{\s*(SVM_\w+),\s*\"([^\"]+)\"\s*\}", text))
    assert len(printed) > 90
    for symbol, name in printed.items():
        assert svm_exit_codes.by_number(int(numbers[symbol], 0)).name == name, symbol
        assert svm_exit_codes.by_name(name).number == int(numbers[symbol], 0), symbol
    exceptions = re.findall(r"\{\s*SVM_EXIT_EXCP_BASE \+ \w+,\s*\"([^\"]+)\"\s*\}", text)
    assert len(exceptions) == 17
    assert all(0x40 <= svm_exit_codes.by_name(name).number <= 0x5F for name in exceptions)
    assert [name for name in (c.name for c in svm_exit_codes.ALL) if name.endswith("excp")] == exceptions


@pytest.mark.parametrize("module", [exit_reasons, svm_exit_codes])
def test_no_number_and_no_name_stands_twice(module):
    """Each table gives a number one meaning, and a name one number."""
    numbers = [row.number for row in module.ALL]
    names = [row.name for row in module.ALL if row.name]
    assert len(numbers) == len(set(numbers)) and len(names) == len(set(names))
    assert all(module.by_number(number).number == number for number in numbers)


@pytest.mark.parametrize("number", [35, 38, 42, 71, 82, 0x10000, -1, "48", True])
def test_a_reason_that_is_not_defined_is_named(number):
    """The error says which field it is."""
    with pytest.raises(FieldError, match=r"^exit_reason is "):
        exit_reasons.by_number(number)


def test_a_negative_svm_exit_code_may_be_written_without_its_sign():
    """-1 is one code, as 32 and as 64 bits too."""
    codes = [svm_exit_codes.by_number(number) for number in (-1, 0xFFFF_FFFF, (1 << 64) - 1)]
    assert [code.name for code in codes] == ["invalid_guest_state"] * 3
    with pytest.raises(FieldError):
        svm_exit_codes.by_number(0x404)


def test_every_handler_belongs_to_a_reason_that_linux_names():
    """KVM handles no exit without a name; INIT, SIPI, RDTSC and XSAVES are among those it never asks for."""
    handled = [reason for reason in exit_reasons.ALL if kvm.handler(reason.number)]
    assert len(handled) == 56 and all(reason.name for reason in handled)
    for name in ("INIT_SIGNAL", "SIPI_SIGNAL", "RDTSC", "RDTSCP", "XSAVES", "UMWAIT", "INVALID_STATE"):
        assert kvm.handler(exit_reasons.by_name(name).number) is None


@pytest.mark.parametrize("reason", exit_reasons.ALL, ids=lambda reason: str(reason.number))
def test_every_qualification_can_be_taken_apart(reason):
    """The fields of a format lie apart, highest first, and together say what the bits of the number say."""
    value = 0xFFFF_FFFF_FFFF_FFFF
    parts = qualification.parts(reason.number, value, 14)
    assert bool(parts) == bool(reason.qualification)
    assert all(part.value == value >> part.low & (1 << part.high - part.low + 1) - 1 for part in parts)
    assert all(upper.low > lower.high for upper, lower in itertools.pairwise(parts))
