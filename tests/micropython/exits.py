"""Decides exits, KVM's answers, VM entries and the rest, and gives back every trace as text.

The same file runs in CPython (imported by a test) and in MicroPython (by run.mjs).
"""

import json

from cases import shown

from vmsim import exceptions, exit_reasons, invalidation, qualification, svm_exit_codes
from vmsim.bitmaps import IoBitmaps, msr_bitmaps
from vmsim.events import KINDS, Event
from vmsim.instructions import MNEMONICS, Instruction
from vmsim.kvm import KvmState, handle
from vmsim.msr_switch import switch
from vmsim.value import FieldError
from vmsim.vm_entry import enter, long_mode_vmcs
from vmsim.vmcs_areas import GuestState
from vmsim.vmcs_fields import ControlFields
from vmsim.vmx import Guest, decide, vmcs
from vmsim.vmx_controls import ALL
from vmsim.vmxon import Vmxon, execute


def answer(call):
    """What ``call`` gives, or its FieldError, as text."""
    try:
        return shown(call())
    except FieldError as error:
        return str(error)


def decisions(controls, cpl):
    """Every instruction and every event under those controls."""
    fields = vmcs(controls, msr_bitmaps=msr_bitmaps((0x1B,), (0xC0000080,)), io_bitmaps=IoBitmaps((0x3F8, 0x8000)))
    guest = Guest(cpl=cpl)
    asked = [Instruction(name, 3, 0x21, 0x1000, 0x1B, 0x3F8) for name in MNEMONICS] + [Event(kind) for kind in KINDS]
    found = [answer(lambda what=what: decide(fields, guest, what)) for what in asked]
    for what in asked:
        decision = decide(fields, guest, what)
        if decision.exits:
            found.append(shown(handle(decision.result, KvmState(gpa="MMIO"))))
    return found


def run(text):
    """``text``: a JSON list of [names of controls, CPL]."""
    results = []
    for controls, cpl in json.loads(text):
        results.append(decisions(tuple(controls), cpl))
        entry = enter(long_mode_vmcs(tuple(controls)), ControlFields(vpid=0), guest=GuestState(activity=cpl))
        results.append([shown(entry)] + [violation.text for violation in entry.violations])
        results.append([shown(switch(msr, vmcs(tuple(controls)), ControlFields())) for msr in (0x10, 0x277, 0x1D9)])
    results.append([shown(exceptions.deliver(first, second)) for first in range(32) for second in range(32)])
    results.append([shown(reason) for reason in exit_reasons.ALL] + [shown(code) for code in svm_exit_codes.ALL])
    results.append([shown(qualification.parts(reason.number, 0x3F80182)) for reason in exit_reasons.ALL])
    results.append([shown(execute(Vmxon(feature_control=value))) for value in range(8)])
    kinds = range(5)
    results.append([shown(invalidation.invpcid(kind, 0x1000, 1 << 63)) for kind in kinds])
    results.append([shown(invalidation.invvpid(kind, 0, 1 << 63)) for kind in kinds])
    results.append([shown(invalidation.invept(kind, 0x1E)) for kind in kinds])
    results.append([answer(lambda: vmcs(("HLT exit",))), answer(lambda: Guest(cpl=4)), answer(lambda: Event("timer"))])
    results.append([shown(control) for control in ALL])
    return results
