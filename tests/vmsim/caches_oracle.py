"""What may be cached, used and must be dropped, once more: written from the manual and sharing nothing with vmsim.

4-level paging without EPT, one VPID; supervisor and user accesses, read and write, CR0.WP = 1. ``Retained`` is a
processor that forgets nothing it need not forget. Source: Intel SDM volume 3, "Caching Translation Information".
"""

from typing import NamedTuple

TOP = 39


class Cached(NamedTuple):
    """A ``page`` or a table; ``bits``: the lowest linear-address bit that finds it, ``prefix``: those from there up."""

    page: bool
    pcid: int
    bits: int
    prefix: int
    target: int
    writable: bool
    user: bool
    is_global: bool = False
    dirty: bool = False


class Retained:
    """``memory``: address to 8 bytes, which the test changes in place; ``entries``: all that may still be used."""

    def __init__(self, memory, cr3, pcid):
        self.memory, self.cr3, self.pcid, self.pge = memory, cr3, pcid, True
        self.entries = set()

    def walk(self, address, write, user_mode, bits=TOP, table=None, writable=True, user=True):
        """(result, what may be cached of it); a result is ("#PF", error code) or ("ok", physical address)."""
        table = self.cr3 if table is None else table
        made = []
        while True:
            value = self.memory.get(table + 8 * (address >> bits & 511), 0)
            if not value & 1:
                return ("#PF", write << 1 | user_mode << 2), []
            if bits == TOP and value & 1 << 7:
                return ("#PF", 1 | write << 1 | user_mode << 2 | 8), []
            writable, user = writable and bool(value & 2), user and bool(value & 4)
            target = value & 0xF_FFFF_FFFF_F000
            if bits == 12 or value & 1 << 7:
                if target & (1 << bits) - 1 & ~0x1000:
                    return ("#PF", 1 | write << 1 | user_mode << 2 | 8), []
                if (write and not writable) or (user_mode and not user):
                    return ("#PF", 1 | write << 1 | user_mode << 2), []
                target &= -1 << bits
                dirty = write or bool(value & 1 << 6)
                is_global = self.pge and bool(value & 1 << 8)
                made.append(Cached(True, self.pcid, bits, address >> bits, target, writable, user, is_global, dirty))
                return ("ok", target | address & (1 << bits) - 1), made
            made.append(Cached(False, self.pcid, bits, address >> bits, target, writable, user))
            table, bits = target, bits - 9

    def access(self, address, write, user_mode):
        """All results that are permitted; what the walks to them may leave is retained."""
        results = set()
        made = []
        starts = [(TOP, None, True, True)]
        for e in self.entries:
            if address >> e.bits != e.prefix or not (e.pcid == self.pcid or e.is_global):
                continue
            if not e.page:
                starts.append((e.bits - 9, e.target, e.writable, e.user))
            elif (write and not e.writable) or (user_mode and not e.user):
                results.add(("#PF", 1 | write << 1 | user_mode << 2))
            elif e.dirty or not write:
                results.add(("ok", e.target | address & (1 << e.bits) - 1))
        for start in starts:
            result, new = self.walk(address, write, user_mode, *start)
            results.add(result)
            made += new
        self.entries |= set(made)
        return results

    def drop(self, unwanted):
        """Forget what must be forgotten."""
        self.entries = {e for e in self.entries if not unwanted(e)}

    def fault(self, address):
        """A page fault was delivered for the address."""
        self.drop(lambda e: e.pcid == self.pcid and address >> e.bits == e.prefix)

    def invlpg(self, address):
        """All the PCID's tables go, whatever the address."""
        self.drop(lambda e: not e.page and e.pcid == self.pcid)
        self.drop(lambda e: address >> e.bits == e.prefix and (e.is_global or e.pcid == self.pcid))

    def invpcid(self, kind, pcid, address):
        """Four types."""
        if kind == 0:
            self.drop(lambda e: not e.is_global and e.pcid == pcid and address >> e.bits == e.prefix)
        elif kind == 1:
            self.drop(lambda e: not e.is_global and e.pcid == pcid)
        else:
            self.drop(lambda e: kind == 2 or not e.is_global)

    def load_cr3(self, cr3, pcid, keep):
        """``keep``: bit 63 was set."""
        self.cr3, self.pcid = cr3, pcid
        if not keep:
            self.drop(lambda e: not e.is_global and e.pcid == pcid)

    def set_pge(self, pge):
        """Any change drops all."""
        if pge != self.pge:
            self.entries = set()
        self.pge = pge
