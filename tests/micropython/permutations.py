"""Every combination of what decides a translation, in spaces that can be counted through: case ``n`` of a space.

In the manner of kvm-unit-tests' access.c. A case is a plain dict of numbers and names (a scene), which this file also
walks; the oracle reads the same scene. Runs in CPython and in MicroPython 1.27.
"""

import json

from cases import shown

from vmsim import Access, Ept, Memory, Processor, translate

BOTH = (0, 1)
KINDS = ("read", "write", "fetch")
WHO = ("user", "supervisor", "implicit")
PG_PE = 1 << 31 | 1
PML5, PML4, PDPT, PD, PT = 0x1000, 0x2000, 0x3000, 0x4000, 0x5000
FRAME = 0x4000_0000
ADDRESS = 0x0000_1234_5678_9ABC
LOW_ADDRESS = 0x5678_9ABC
RWX_WB = 6 << 3 | 7
EPTP = 0x10_0000 | 3 << 3 | 6

# What keeps entries from being used: "pde P" clears P of the PDE, "pde R" sets a reserved bit in it.
WRONG = ("", "pte P", "pte R", "pde P", "pde R", "pte R pde R")
CPU = (("wp", BOTH), ("nxe", BOTH), ("smep", BOTH), ("smap", BOTH), ("ac", BOTH))
BY = (("kind", KINDS), ("who", WHO))


def space(*digits):
    """Names with their values, and how many combinations there are."""
    count = 1
    for _name, values in digits:
        count *= len(values)
    return digits, count


SPACES = {
    "rights": space(
        ("pte", range(8)), ("pde", range(16)), ("wrong", WRONG), ("levels", (4, 5)), *CPU, *BY,
    ),
    "pae": space(
        ("pte", range(8)), ("pde", range(16)), ("wrong", WRONG), ("pdpte", BOTH), ("keys", BOTH), *CPU, *BY,
    ),
    "32-bit": space(
        ("pte", range(8)), ("pde", range(8)), ("wrong", WRONG), ("pse", BOTH), ("pse36", (0, 1, 0xFF)), *CPU, *BY,
    ),
    "keys": space(
        ("us", range(4)), ("rw", BOTH), ("key", (0, 9)), ("pke", BOTH), ("pks", BOTH), ("pkru", range(4)),
        ("pkrs", range(4)), ("wp", BOTH), ("smap", BOTH), *BY,
    ),
    "flags": space(
        ("accessed", range(32)), ("dirty", BOTH), ("size", (1, 2, 3)), ("levels", (4, 5)), ("recursive", range(6)), *BY
    ),
    "reserved": space(
        ("level", (1, 2, 3, 4, 5)), ("bit", range(64)), ("maxphyaddr", (32, 36, 40, 46, 52)), ("nxe", BOTH),
        ("large", BOTH), ("mode", ("4", "5", "PAE", "32")),
    ),
    "ept": space(
        ("pte", range(16)), ("pde", range(16)), ("memory_type", range(8)), ("large", BOTH), ("execute_only", BOTH),
        ("mode_based", BOTH), ("advanced", BOTH), ("ad", BOTH), ("us", BOTH), ("xd", BOTH), ("kind", KINDS),
    ),
    "ept entries": space(
        ("level", (1, 2, 3, 4)), ("bit", range(64)), ("size", (1, 2, 3)), ("maxphyaddr", (40, 46, 52)),
        ("permissions", (0, 7)), ("large_pages", BOTH), ("kind", KINDS),
    ),
    "nested": space(
        ("page", ("PD", "PT", "datum", "CR3")), ("permissions", range(8)), ("pte", range(32)), ("pde_a", BOTH),
        ("guest_large", BOTH), ("ept_large", BOTH), ("ad", BOTH), ("wp", BOTH), ("unpaged", BOTH), ("kind", KINDS),
        ("who", ("user", "supervisor")),
    ),
}  # fmt: skip


def digits_of(name, number):
    """The combination with that number, as a dict."""
    digits, _count = SPACES[name]
    found = {}
    for digit, values in digits:
        found[digit] = values[number % len(values)]
        number //= len(values)
    return found


def scene(name, number):
    """Case ``number`` of a space: memory, registers, access."""
    d = digits_of(name, number)
    found = {"memory": {}, "cr0": PG_PE, "cr3": PML4, "cr4": 1 << 5, "efer": 0xD00, "rflags": 0, "pkru": 0, "pkrs": 0,
             "maxphyaddr": 40, "pdptes": (), "address": ADDRESS, "kind": d.get("kind", "read"), "cpl": 3,
             "implicit": False, "eptp": None, "capabilities": 0, "mode_based": False}  # fmt: skip
    found["cr0"] |= d.get("wp", 0) << 16
    found["cr4"] |= d.get("smep", 0) << 20 | d.get("smap", 0) << 21 | d.get("pke", 0) << 22 | d.get("pks", 0) << 24
    found["efer"] = 0x500 | d.get("nxe", 1) << 11
    found["rflags"] = d.get("ac", 0) << 18
    who = d.get("who", "user")
    if who == "implicit" and found["kind"] != "fetch":
        found["implicit"] = True
    elif who != "user":
        found["cpl"] = 0
    BUILDERS[name](d, found)
    return found


def place(found, level, table, value, width=9, size=8):
    """Store an entry in the table's place for the scene's address."""
    index = found["address"] >> 12 + width * (level - 1) & (1 << width) - 1
    at = table + size * index
    if size == 4:
        value = value << 8 * (at & 4) | found["memory"].get(at & ~7, 0)
    found["memory"][at & ~7] = value
    return at


def top(found, levels):
    """The usual entries above the PDE."""
    if levels == 5:
        found["cr4"] |= 1 << 12
        found["cr3"] = PML5
        found["address"] = ADDRESS | 0x21 << 48
        place(found, 5, PML5, PML4 | 7)
    place(found, 4, PML4, PDPT | 7)
    place(found, 3, PDPT, PD | 7)


def entry(d, name, address, reserved):
    """The entry of that name: R/W, U/S and XD out of three digits; P and a reserved bit as ``wrong`` says."""
    digits, wrong = d[name], d["wrong"]
    value = address | (digits & 3) << 1 | (digits >> 2 & 1) << 63
    return value | (0 if name + " P" in wrong else 1) | (reserved if name + " R" in wrong else 0)


def rights(d, found):
    """The flags of PDE and PTE, and what keeps them from being used; every second PDE maps a page."""
    top(found, d["levels"])
    large = d["pde"] >> 3 & 1
    place(found, 2, PD, entry(d, "pde", FRAME | 0x80 if large else PT, 1 << 45))
    place(found, 1, PT, entry(d, "pte", FRAME, 1 << 51))


def pae(d, found):
    """The same with PAE paging, where the bits for protection keys mean nothing."""
    found["efer"] &= ~0x500
    found["cr3"] = 0x2020
    found["address"] = LOW_ADDRESS
    found["pdptes"] = (0, PD | d["pdpte"], 0, 0)
    if d["keys"]:
        found["cr4"] |= 5 << 22
        found["pkru"] = found["pkrs"] = 3
    large = d["pde"] >> 3 & 1
    place(found, 2, PD, entry(d, "pde", FRAME | 0x80 if large else PT, 1 << 45))
    place(found, 1, PT, entry(d, "pte", FRAME, 1 << 60))


def bits_32(d, found):
    """32-bit paging, with 4-MByte pages and PSE-36; bit 21 is reserved in those."""
    found["efer"] &= ~0x500
    found["cr4"] = found["cr4"] & ~(1 << 5) | d["pse"] << 4
    found["address"] = LOW_ADDRESS
    found["cr3"] = PD
    large = d["pde"] >> 2 & 1
    pde = (0xC00_0000 | d["pse36"] << 13 if d["pse"] else PT) | 0x80 if large else PT
    reserved = 1 << 21 if large and d["pse"] else 0
    place(found, 2, PD, entry(d, "pde", pde, reserved) & 0xFFFF_FFFF, 10, 4)
    place(found, 1, PT, entry(d, "pte", FRAME, 0) & 0xFFFF_FFFF | (d["pte"] >> 2) << 5, 10, 4)


def keys(d, found):
    """Protection keys of user-mode and supervisor-mode addresses."""
    top(found, 4)
    for name in ("pkru", "pkrs"):
        found[name] = d[name] << 2 * d["key"]
    place(found, 2, PD, PT | 3 | (d["us"] & 1) << 2)
    place(found, 1, PT, FRAME | 1 | d["rw"] << 1 | (d["us"] >> 1) << 2 | d["key"] << 59)


def flags(d, found):
    """Accessed and dirty flags at every level and page size, in tables one of which may map itself."""
    top(found, d["levels"])
    tables = [(5, PML5, PML4), (4, PML4, PDPT), (3, PDPT, PD), (2, PD, PT), (1, PT, FRAME)]
    for level, table, following in tables:
        value = following | 7 | (d["accessed"] >> level - 1 & 1) << 5
        if level == d["size"]:
            value = FRAME | 7 | d["dirty"] << 6 | (d["accessed"] >> level - 1 & 1) << 5 | (0x80 if level > 1 else 0)
        if level <= d["levels"] and level >= d["size"]:
            place(found, level, table, value)
    if 1 < d["recursive"] <= d["levels"]:
        # The table of that level is its own next one: all below read it once more.
        at = dict((level, table) for level, table, _next in tables)[d["recursive"]]
        index = 0x1FF
        low = 12 + 9 * (d["recursive"] - 1)
        found["address"] = found["address"] & ~(0x1FF << low) | index << low
        if low >= 39:
            found["address"] = found["address"] & (1 << low + 9) - 1 | (1 << 64) - (1 << low + 9)
            place(found, 5, PML5, PML4 | 7)
        found["memory"][at + 8 * index] = at | 7 | (d["accessed"] & 1) << 5


def reserved(d, found):
    """Any one bit turned over, in the entry of any level, under any MAXPHYADDR."""
    found["maxphyaddr"] = d["maxphyaddr"]
    level, mode = d["level"], d["mode"]
    frame = FRAME
    if mode == "32":
        found["efer"] &= ~0x500
        found["cr4"] = 1 << 4
        found["cr3"] = PD
        found["address"] = LOW_ADDRESS
        values = {2: (frame | 0x87 if d["large"] else PT | 7), 1: frame | 7}
        for number in (2, 1):
            flip = 1 << d["bit"] % 32 if number == level else 0
            place(found, number, {2: PD, 1: PT}[number], values[number] ^ flip, 10, 4)
        return
    flip = 1 << d["bit"]
    large_level = min(level, 3 if mode in "45" else 2) if d["large"] else 1
    if mode == "PAE":
        found["efer"] &= ~0x500
        found["cr3"] = 0x2020
        found["address"] = LOW_ADDRESS
        found["pdptes"] = (0, PD | 1, 0, 0)
    else:
        top(found, int(mode))
    tables = {5: (PML5, PML4), 4: (PML4, PDPT), 3: (PDPT, PD), 2: (PD, PT), 1: (PT, FRAME)}
    for number in range(int(mode) if mode in "45" else 2, 0, -1):
        table, following = tables[number]
        value = following | 7
        if number == large_level and number > 1:
            value = frame | 0x87
        place(found, number, table, value ^ (flip if number == level else 0))


def map_ept(found, gpa, size, flags=RWX_WB, table_flags=7):
    """Map a guest-physical page to itself, of 4 KiB (1), 2 MiB (2) or 1 GiB (3); its tables are made as needed."""
    table = 0x10_0000
    for level in range(4, size, -1):
        at = table + 8 * (gpa >> 12 + 9 * (level - 1) & 511)
        if at not in found["memory"]:
            found["tables"] = found.get("tables", 0x10_0000) + 0x1000
            found["memory"][at] = found["tables"] | 7
        if level == size + 1:
            found["memory"][at] = found["memory"][at] & ~0x407 | table_flags
        table = found["memory"][at] & 0xF_FFFF_FFFF_F000
    at = table + 8 * (gpa >> 12 + 9 * (size - 1) & 511)
    found["memory"][at] = gpa >> 12 + 9 * (size - 1) << 12 + 9 * (size - 1) | flags | (0x80 if size > 1 else 0)


def ept_flags(permissions):
    """R, W, X, and the fourth as XU."""
    return permissions & 7 | (permissions >> 3) << 10


def ept(d, found):
    """The datum's page under EPT: permissions of two levels, memory type, capabilities and controls."""
    found["eptp"] = EPTP | d["ad"] << 6
    found["capabilities"] = 0x0031_41C0 | 1 << 21 | d["execute_only"] | d["advanced"] << 22
    found["mode_based"] = d["mode_based"] == 1
    found["cpl"] = 0
    top(found, 4)
    place(found, 2, PD, PT | 7)
    place(found, 1, PT, FRAME | 3 | d["us"] << 2 | d["xd"] << 63)
    map_ept(found, 0, 2)
    leaf = ept_flags(d["pte"]) | d["memory_type"] << 3
    map_ept(found, FRAME, 1 + d["large"], leaf, ept_flags(d["pde"]))


def ept_entries(d, found):
    """Any one bit turned over, in the EPT entry of any level, for a page of any size that may not be supported."""
    found["maxphyaddr"] = d["maxphyaddr"]
    found["eptp"] = EPTP
    found["capabilities"] = 0x41C1 | (3 << 16 if d["large_pages"] else 0)
    found["cpl"] = 0
    top(found, 4)
    place(found, 2, PD, PT | 7)
    place(found, 1, PT, 0x80_0000_0000 | 7)
    for table in (PML4, PDPT, PD, PT):
        map_ept(found, table, 1)
    map_ept(found, 0x80_0000_0000, d["size"])
    table = 0x10_0000
    for level in range(4, d["level"], -1):
        table = found["memory"].get(table + 8 * (0x80_0000_0000 >> 12 + 9 * (level - 1) & 511), 0) & 0xF_FFFF_FFFF_F000
    at = table + 8 * (0x80_0000_0000 >> 12 + 9 * (d["level"] - 1) & 511)
    if at in found["memory"]:
        found["memory"][at] = (found["memory"][at] & ~7 | d["permissions"]) ^ 1 << d["bit"]


def nested(d, found):
    """Guest structures and datum, each in a page whose permissions may lack something; large pages on either side."""
    found["eptp"] = EPTP | d["ad"] << 6
    found["capabilities"] = 0x0031_41C1 | 1 << 21
    pages = {"CR3": PML4, "PD": 0x60_0000, "PT": 0x80_0000, "datum": FRAME}
    place(found, 4, PML4, PDPT | 7)
    place(found, 3, PDPT, pages["PD"] | 7)
    large = d["guest_large"]
    pte = d["pte"] & 7 | (d["pte"] >> 3) << 5
    place(found, 2, pages["PD"], FRAME | 0x80 | pte if large else pages["PT"] | 7 | d["pde_a"] << 5)
    place(found, 1, pages["PT"], FRAME | pte)
    size = 1 + d["ept_large"]
    for name in sorted(pages):
        low = ~((1 << 12 + 9 * (size - 1)) - 1)
        gpa = pages[name] | (found["address"] & 0x1F_FFFF if large and name == "datum" else 0)
        map_ept(found, gpa & low, size, 6 << 3 | (d["permissions"] if name == d["page"] else 7))
    if not d["ept_large"]:
        map_ept(found, PDPT, 1)
    if d["unpaged"]:
        found["cr0"] &= ~(1 << 31)
        found["efer"] = 0
        found["address"] = FRAME | 0x123


BUILDERS = {"rights": rights, "pae": pae, "32-bit": bits_32, "keys": keys, "flags": flags, "reserved": reserved,
            "ept": ept, "ept entries": ept_entries, "nested": nested}  # fmt: skip


def walk(translate, case):
    """The walk of a scene, and its memory."""
    processor = Processor(
        cr3=case["cr3"], cr0=case["cr0"], cr4=case["cr4"], efer=case["efer"], rflags=case["rflags"], pkru=case["pkru"],
        maxphyaddr=case["maxphyaddr"], pkrs=case["pkrs"], pdptes=case["pdptes"],
    )  # fmt: skip
    memory = Memory(case["memory"])
    ept_of = None if case["eptp"] is None else Ept(case["eptp"], case["capabilities"], case["mode_based"])
    access = Access(case["kind"], case["cpl"], case["implicit"])
    return translate(memory, processor, access, case["address"], ept_of), memory


def lines(translate, numbers):
    """By space, the whole trace of each case as text; ``numbers``: space to a list of case numbers."""
    found = {}
    for name in sorted(numbers):
        found[name] = []
        for number in numbers[name]:
            done, memory = walk(translate, scene(name, number))
            memory.apply(done)
            found[name].append(shown(done) + " " + str(memory.items()))
    return found


def run(text):
    """``lines`` of the numbers in a JSON object."""
    return lines(translate, json.loads(text))
