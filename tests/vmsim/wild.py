"""Wild cases: any registers, any memory, tables anywhere or nowhere, arguments of any kind.

Run as a program (``python wild.py COUNT SEED``) it asks both builds of the vmsim on its path, and fails where they
differ or anything but FieldError is raised; with the extensions built by AddressSanitizer, that fails by itself.
"""

import random
import sys

from vmsim import Access, Ept, FieldError, Memory, Processor

EDGES = (0, 1, 7, 8, 0xFFF, 0x1000, 0x7FFF_FFFF_FFFF, 0x8000_0000_0000, 1 << 32, (1 << 52) - 8, 1 << 52, (1 << 64) - 1)
NO_NUMBERS = (None, "0x1000", 1.5, True, -1, 1 << 64, 1 << 200, b"", ())
KINDS = ("read", "write", "fetch")


def number(source, width=64):
    """Any number of that many bits, often one at an edge."""
    if source.random() < 0.3:
        return source.choice(EDGES) & (1 << width) - 1
    return source.getrandbits(width) >> source.randrange(width)


def entry(source, frames):
    """An entry that mostly leads on, with some bits turned over."""
    value = source.choice(frames) | 0x407 | source.choice((0, 0x20, 0x60, 0x30, 0x80, 0xB0, 0x20_0080, 0x4000_00B0))
    while source.random() < 0.3:
        value ^= 1 << source.randrange(64)
    return value


def case(source):
    """What ``ask`` needs, as plain values; ``source`` is a random.Random."""
    frames = [number(source, 20) << 12 if source.random() < 0.1 else source.randrange(8) << 12 for _ in range(6)]
    address = number(source)
    memory = {}
    for frame in frames:
        for low in (12, 21, 22, 30, 39, 48):
            if source.random() < 0.8:
                memory[frame + 8 * (address >> low & 511)] = entry(source, frames)
        memory[frame + 8 * source.randrange(512)] = entry(source, frames)
    long = source.random() < 0.5
    maxphyaddr = source.choice((32, 36, 40, 52))
    processor = {
        "cr3": (source.choice(frames) | source.getrandbits(12)) & (1 << maxphyaddr) - 1,
        "cr0": source.choice((0x8001_0001, 0x8000_0001, 0x8001_0001, 1)),
        "cr4": source.getrandbits(25) | (1 << 5 if long else 0),
        "efer": 0x500 * long | source.getrandbits(1) << 11,
        "rflags": source.getrandbits(1) << 18,
        "pkru": source.getrandbits(32),
        "pkrs": source.getrandbits(32),
        "maxphyaddr": maxphyaddr,
    }
    if source.random() < 0.3:
        processor["pdptes"] = tuple(source.choice(frames) & (1 << 32) - 1 | source.getrandbits(1) for _ in range(4))
    if source.random() < 0.02:
        processor[source.choice(sorted(processor))] = source.choice(NO_NUMBERS)
    address &= (1 << 64) - 1 if long or source.random() < 0.1 else (1 << 32) - 1
    return {
        "memory": memory,
        "memory_size": source.choice((8, 0x8000, 1 << 32, 1 << 52, 1 << 52)),
        "processor": processor,
        "access": (source.choice(KINDS), source.randrange(4), source.random() < 0.1, source.random() < 0.1),
        "address": source.choice(NO_NUMBERS) if source.random() < 0.02 else address,
        "size": source.choice(NO_NUMBERS) if source.random() < 0.02 else source.choice((1, 2, 8, 4096)),
        "eptp": source.choice((None, source.choice(frames) | source.choice((0x1E, 0x5E, 0x26, 0x18)))),
        "capabilities": source.getrandbits(23) | 0x21_41C0,
        "mode_based": source.random() < 0.5,
    }


def ask(build, given):
    """What a build makes of a case: traces as text, or the FieldError's words."""
    try:
        memory = Memory(size=given["memory_size"])
        for address, value in given["memory"].items():
            if address < given["memory_size"]:
                memory.write(address, value)
        before = memory.items()
        processor = Processor(**given["processor"])
        access = Access(*given["access"])
        ept = None
        if given["eptp"] is not None:
            ept = Ept(given["eptp"], given["capabilities"], given["mode_based"])
        load = ""
        if processor.paging.name == "PAE" and not processor.pdptes:
            done = build.load_pdptes(memory, processor, ept)
            load = repr(done)
            if not isinstance(done.result, Processor):
                return load
            processor = done.result
        walks = build.translate_bytes(memory, processor, access, given["address"], given["size"], ept)
        assert memory.items() == before
        for walk in walks:
            memory.apply(walk)
        return load + repr(walks) + repr(memory.items())
    except FieldError as error:
        assert error.field and error.allowed
        return f"FieldError: {error}"


def main(count, seed):
    """Ask both builds ``count`` cases; say how many there were and how many were refused."""
    from vmsim import _build

    refused = 0
    for number_of_case in range(count):
        given = case(random.Random(f"{seed} {number_of_case}"))
        answer = ask(_build.compiled(), given)
        assert answer == ask(_build.interpreted(), given), (seed, number_of_case)
        refused += answer.startswith("FieldError")
    print(f"{count} cases, {refused} refused, by {_build.compiled().__file__}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
