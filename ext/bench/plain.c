/*
 * A stream of references through TLBs, paging-structure caches and tables, as anyone would write it: a struct for each
 * entry, a loop over the ways, the time of the last use for LRU, the walk level by level. Pages of 4 KBytes, 4 levels,
 * the default geometry of vmsim.stream. vmsim/stream_tables.py says how the tables look.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ACCESSES, DTLB_HITS, STLB_HITS, PDE_HITS, PDPTE_HITS, PML4E_HITS, PML5E_HITS, WALKS, ENTRIES, EPT_ENTRIES,
       FAULTS, EXITS, CHECKSUM };

#define FRAME 0x000FFFFFFFFFF000u
#define PRESENT 1u
#define MAPS_PAGE 0x80u

struct way {
    uint64_t number;
    uint64_t value;
    uint64_t last_used; /* 0: free */
};

static struct way dtlb[16][4], stlb[128][12], pdes[8][4], pdptes[1][4], pml4es[1][2];
static uint64_t now;

static struct way *find(struct way *set, int ways, uint64_t number)
{
    for (int i = 0; i < ways; i++) {
        if (set[i].last_used && set[i].number == number) {
            set[i].last_used = now;
            return &set[i];
        }
    }
    return NULL;
}

static void fill(struct way *set, int ways, uint64_t number, uint64_t value)
{
    struct way *victim = &set[0];

    for (int i = 1; i < ways; i++) {
        if (set[i].last_used < victim->last_used)
            victim = &set[i];
    }
    victim->number = number;
    victim->value = value;
    victim->last_used = now;
}

/* The host-physical address of a guest-physical one; 0: an EPT violation. */
static uint64_t ept_walk(const uint64_t *ept, uint64_t physical, uint64_t *counts)
{
    uint64_t table = 0;

    for (int level = 4;; level--) {
        uint64_t entry = ept[table + (physical >> (12 + 9 * (level - 1)) & 511)];

        counts[EPT_ENTRIES]++;
        if (!(entry & PRESENT))
            return 0;
        if (entry & MAPS_PAGE) {
            uint64_t size = (uint64_t)1 << (12 + 9 * (level - 1));

            return (entry & FRAME) + (physical & (size - 1));
        }
        table = (entry & FRAME) / 8;
    }
}

/* The frame of the page that holds the address; 0: a fault or an EPT violation. */
static uint64_t walk(uint64_t address, const uint64_t *entries, const uint64_t *ept, const uint64_t *places, int nested,
                     uint64_t *counts)
{
    uint64_t pde = address >> 21, pdpte = address >> 30, pml4e = address >> 39;
    uint64_t table = 0, entry;
    struct way *hit;
    int level = 4;

    counts[WALKS]++;
    if ((hit = find(pdes[pde % 8], 4, pde))) {
        counts[PDE_HITS]++;
        table = hit->value;
        level = 1;
    } else if ((hit = find(pdptes[0], 4, pdpte))) {
        counts[PDPTE_HITS]++;
        table = hit->value;
        level = 2;
    } else if ((hit = find(pml4es[0], 2, pml4e))) {
        counts[PML4E_HITS]++;
        table = hit->value;
        level = 3;
    }
    for (;; level--) {
        if (nested && !ept_walk(ept, places[table / 512], counts)) {
            counts[EXITS]++;
            return 0;
        }
        entry = entries[table + (address >> (12 + 9 * (level - 1)) & 511)];
        counts[ENTRIES]++;
        if (!(entry & PRESENT)) {
            counts[FAULTS]++;
            return 0;
        }
        if (entry & MAPS_PAGE)
            break;
        table = (entry & FRAME) / 8;
        if (level == 4)
            fill(pml4es[0], 2, pml4e, table);
        else if (level == 3)
            fill(pdptes[0], 4, pdpte, table);
        else
            fill(pdes[pde % 8], 4, pde, table);
    }
    if (!nested)
        return entry & FRAME;
    entry = ept_walk(ept, entry & FRAME, counts);
    if (!entry)
        counts[EXITS]++;
    return entry;
}

void simulate(const uint64_t *addresses, size_t count, const uint64_t *entries, const uint64_t *ept,
              const uint64_t *places, int nested, uint64_t *counts)
{
    memset(dtlb, 0, sizeof dtlb);
    memset(stlb, 0, sizeof stlb);
    memset(pdes, 0, sizeof pdes);
    memset(pdptes, 0, sizeof pdptes);
    memset(pml4es, 0, sizeof pml4es);
    now = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t address = addresses[i], page = address >> 12, frame;
        struct way *hit;

        now++;
        counts[ACCESSES]++;
        if ((hit = find(dtlb[page % 16], 4, page))) {
            counts[DTLB_HITS]++;
            frame = hit->value;
        } else if ((hit = find(stlb[page % 128], 12, page))) {
            counts[STLB_HITS]++;
            frame = hit->value;
            fill(dtlb[page % 16], 4, page, frame);
        } else {
            frame = walk(address, entries, ept, places, nested, counts);
            if (!frame)
                continue;
            fill(dtlb[page % 16], 4, page, frame);
            fill(stlb[page % 128], 12, page, frame);
        }
        counts[CHECKSUM] += frame + address % 4096;
    }
}
