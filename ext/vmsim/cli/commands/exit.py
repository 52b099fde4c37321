"""``vmsim exit``: does this instruction or event exit, under these controls, and to whom."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from vmsim import events, instructions, kvm_handlers, qualification, vmcs, vmx_controls
from vmsim.bitmaps import IoBitmaps, msr_bitmaps
from vmsim.cli import settings
from vmsim.entry_steps import Violation
from vmsim.events import Event
from vmsim.instructions import Instruction
from vmsim.kvm import KvmState, handle
from vmsim.value import FieldError, hexadecimal
from vmsim.vm_entry import refused_controls
from vmsim.vmcs import Guest
from vmsim.vmx import decide
from vmsim.vmx_trace import Decision, GuestFault, VmExit

LISTS = {
    "controls": lambda: [control.name for control in vmx_controls.ALL],
    "instructions": lambda: list(instructions.MNEMONICS),
    "events": lambda: list(events.KINDS),
    "fields": lambda: list(vmcs.Vmcs._fields),
    "guest": lambda: list(Guest._fields),
    "kvm": lambda: list(KvmState._fields),
}


def _listed(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        click.echo("\n".join(LISTS[value]()))
        ctx.exit()


@click.command(name="exit")
@click.argument("what")
@click.option("-c", "--control", "controls", multiple=True, metavar="NAME", help="A VMX control that is 1, by name.")
@click.option("-s", "--set", "fields", multiple=True, metavar="FIELD=VALUE", help="Another VMCS field.")
@click.option("-o", "--operand", "operands", multiple=True, metavar="NAME=VALUE", help="Of the instruction or event.")
@click.option("-g", "--guest", "guest_fields", multiple=True, metavar="NAME=VALUE", help="The guest's state.")
@click.option("-k", "--kvm", "kvm_fields", multiple=True, metavar="NAME=VALUE", help="What KVM knows.")
@click.option(
    "--msr-read-bit", "reads", multiple=True, metavar="MSR", help="An MSR whose read bit is 1 in the bitmaps."
)
@click.option("--msr-write-bit", "writes", multiple=True, metavar="MSR", help="An MSR whose write bit is 1.")
@click.option("--io-bit", "ports", multiple=True, metavar="PORT", help="A port whose bit is 1 in the I/O bitmaps.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON.")
@click.option("--list", type=click.Choice(sorted(LISTS)), callback=_listed, expose_value=False, is_eager=True,
              help="Print the names of these, and end.")  # fmt: skip
def command(
    what: str,
    controls: tuple[str, ...],
    fields: tuple[str, ...],
    operands: tuple[str, ...],
    guest_fields: tuple[str, ...],
    kvm_fields: tuple[str, ...],
    reads: tuple[str, ...],
    writes: tuple[str, ...],
    ports: tuple[str, ...],
    as_json: bool,
) -> None:
    r"""Decide whether WHAT, an instruction or an event, makes the guest exit, and what KVM then does.

    \b
    vmsim exit CPUID
    vmsim exit 'MOV to CR3' -o value=0x3000 -o register=RBX -c 'CR3-load exiting' -s cr3_target_count=1
    vmsim exit RDMSR -o msr=0x1b -c 'use MSR bitmaps' --msr-read-bit 0x1b
    vmsim exit OUT -o port=0x3f8 -c 'use I/O bitmaps' --io-bit 0x3f8 -k port='user space'
    vmsim exit 'EPT violation' -o qualification=0x182 -c 'enable EPT' -k gpa=MMIO
    """
    try:
        bitmaps: dict[str, Any] = {}
        if reads or writes:
            bitmaps["msr_bitmaps"] = msr_bitmaps(settings.numbers("msr", reads), settings.numbers("msr", writes))
        if ports:
            bitmaps["io_bitmaps"] = IoBitmaps(tuple(sorted(set(settings.numbers("port", ports)))))
        control_fields = vmcs.vmcs(controls, **settings.parse(vmcs.Vmcs, fields), **bitmaps)
        guest = Guest(**settings.parse(Guest, guest_fields))
        state = KvmState(**settings.parse(KvmState, kvm_fields))
        decision = decide(control_fields, guest, _what(what, operands))
    except FieldError as error:
        click.echo(f"vmsim exit: {error}", err=True)
        sys.exit(2)
    refused = refused_controls(control_fields, guest.vtpr)
    if as_json:
        click.echo(json.dumps(as_data(decision, state, refused), indent=2))
    else:
        click.echo(as_text(decision, state))
        for violation in refused:
            click.echo(f"VM entry refuses these controls (error 7): {violation.text}  [{violation.section}]")


def _what(name: str, operands: tuple[str, ...]) -> Instruction | Event:
    kinds = {kind.lower(): kind for kind in events.KINDS}
    if name.lower() in kinds:
        return Event(kinds[name.lower()], **settings.parse(Event, operands, skip=("kind",)))
    try:
        mnemonic = instructions.mnemonic(name)
    except FieldError:
        shown = "an instruction or an event; --list instructions and --list events name them"
        raise FieldError("WHAT", name, shown) from None
    return Instruction(mnemonic, **settings.parse(Instruction, operands, skip=("mnemonic",)))


def as_data(decision: Decision, state: KvmState, refused: tuple[Violation, ...]) -> dict[str, Any]:
    """The decision as plain data; ``refused`` is what VM entry has against the controls."""
    result = decision.result
    found: dict[str, Any] = {
        "what": settings.plain(decision.what),
        "exit": decision.exits,
        "checks": [
            {"rule": check.rule, "read": dict(check.read), "said": check.said, "source": check.source}
            for check in decision.checks
        ],
        "result": {"kind": type(result).__name__, **settings.plain(result)},
        "refused_by_vm_entry": [settings.plain(violation) for violation in refused],
    }
    if isinstance(result, VmExit):
        handling = handle(result, state)
        found["result"]["name"] = result.name
        found["kvm"] = {**settings.plain(handling), "to_user_space": handling.to_user_space}
    return found


def as_text(decision: Decision, state: KvmState) -> str:
    """The decision as lines for people."""
    rows = [
        (check.rule, ", ".join(f"{name} = {shown(value)}" for name, value in check.read), check.said, check.source)
        for check in decision.checks
    ]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    lines = []
    for row in rows:
        rule, read, said = (row[at].ljust(widths[at]) for at in range(3))
        lines.append(f"{rule}  {read}  → {said}  [{row[3]}]")
    return "\n".join(lines + _result(decision, state))


def _result(decision: Decision, state: KvmState) -> list[str]:
    result = decision.result
    if isinstance(result, GuestFault):
        code = "" if result.error_code is None else f" with error code {hexadecimal(result.error_code)}"
        return [f"No exit: the guest gets {result.name or f'vector {result.vector}'}{code}"]
    if not isinstance(result, VmExit):
        value = "" if result.value is None else f": {hexadecimal(result.value)}"
        return [f"No exit: {result.effect}{value}"]
    lines = [f"VM exit {result.name}, reason {result.reason}, qualification {hexadecimal(result.qualification)}"]
    for part in qualification.parts(result.reason, result.qualification, result.vector):
        where = f"bits {part.high}:{part.low}" if part.high > part.low else f"bit {part.low}"
        lines.append(f"  {where} {part.name} {shown(part.value)} {part.meaning}".rstrip())
    if result.vector is not None:
        lines.append(
            f"  interruption information {hexadecimal(result.interruption_information)}: vector {result.vector}"
        )
    return lines + _kvm(handle(result, state))


def _kvm(handling: kvm_handlers.Handling) -> list[str]:
    if handling.returns > 0:
        where = "the guest resumes"
    elif handling.returns == 0:
        where = f"user space gets {handling.kvm_run}" + (f" ({handling.suberror})" if handling.suberror else "")
    else:
        where = f"KVM_RUN fails with {handling.returns}"
    then = f"; before that the run loop may return with {handling.then}" if handling.then else ""
    return [f"KVM: {handling.handler or 'no handler'} returns {handling.returns}: {where}{then}", f"  {handling.did}"]


def shown(value: object) -> str:
    """A value of a check: numbers above 9 in hexadecimal."""
    if isinstance(value, tuple):
        return "(" + ", ".join(shown(item) for item in value) + ")"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    if isinstance(value, int):
        return hexadecimal(value) if value > 9 else str(value)
    return str(value)
