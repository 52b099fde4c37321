"""Asks the installed QEMU, over QMP, about its CPU models: numbers, versions or features. No guest runs."""

import json
import subprocess
import sys


def ask(machine, execute, **arguments):
    """What QEMU answers to one command: {"return": …} or {"error": …}."""
    command = ["qemu-system-x86_64", "-machine", machine, "-accel", "tcg", "-m", "16", "-S"]
    command += ["-nodefaults", "-display", "none", "-qmp", "stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as qemu:
        answers = (answer for answer in map(json.loads, qemu.stdout) if "event" not in answer)
        next(answers)  # the greeting
        for asked in {"execute": "qmp_capabilities"}, {"execute": execute, "arguments": arguments}:
            print(json.dumps(asked), file=qemu.stdin, flush=True)
            answer = next(answers)
        print('{"execute": "quit"}', file=qemu.stdin, flush=True)
        qemu.stdout.read()
    return answer


# [start:numbers]
def properties(name):
    """All properties of a CPU model; None where QEMU has no such model."""
    model = {"type": "full", "model": {"name": name}}
    answer = ask("none", "query-cpu-model-expansion", **model)
    return answer["return"]["model"]["props"] if "return" in answer else None


def numbers():
    """Family and model, as CPUID leaf 1 reports them."""
    skylake = ["Skylake-Client-v1", "Skylake-Server-v1"]
    icelake = ["Icelake-Client-v1"]
    icelake += [f"Icelake-Server-v{version}" for version in range(1, 7)]
    for name in [*skylake, *icelake, "Snowridge-v1"]:
        cpu = properties(name)
        if cpu:
            print(f"{name:17}  family {cpu['family']}, model {cpu['model']:#x}")
        else:
            print(f"{name:17}  unknown")


# [end:numbers]


# [start:versions]
def versions():
    """The version that a name without one means."""
    for machine in "q35", "microvm":
        for model in ask(machine, "query-cpu-definitions")["return"]:
            if model["name"] == "Icelake-Server":
                print(f"{machine:8} {model['alias-of']}")


# [end:versions]


# [start:features]
def features():
    """What one model of the pair has and the other lacks."""
    client = properties("Skylake-Client-v1")
    server = properties("Skylake-Server-v1")
    for title, one, other in ("server", server, client), ("client", client, server):
        only = sorted(name for name in one if one[name] is True and not other[name])
        print(f"only {title}:", *only, sep="\n  ")


# [end:features]


{"numbers": numbers, "versions": versions, "features": features}[sys.argv[1]]()
