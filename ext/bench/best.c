/*
 * The same as plain.c, as an expert would write it: 32-bit tags, a set in one cache line, its ways compared at once;
 * the LRU order in one word, so that neither touch nor victim scans; the last page filtered; the entries of the walks to
 * come prefetched.
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ACCESSES, DTLB_HITS, STLB_HITS, PDE_HITS, PDPTE_HITS, PML4E_HITS, PML5E_HITS, WALKS, ENTRIES, EPT_ENTRIES,
       FAULTS, EXITS, CHECKSUM };

#define FRAME 0x000FFFFFFFFFF000u
#define PRESENT 1u
#define AHEAD 24

/*
 * Way numbers by age, the newest in the lowest 4 bits. A tag that was never stored cannot be told from tag 0; so a free
 * way's tag is all ones, which no address of the lower half has.
 */
struct set {
    uint32_t tags[12];
    uint64_t order;
    uint64_t unused;
} __attribute__((aligned(64)));

static struct set dtlb[16], stlb[128], pdes[8], pdptes[1], pml4es[1];
static uint64_t dtlb_frames[16][4], stlb_frames[128][12], pde_tables[8][4], pdpte_tables[1][4], pml4e_tables[1][2];

/* Which way has the tag; -1: none. */
static inline __attribute__((always_inline)) int find(const struct set *set, int ways, uint32_t tag)
{
    unsigned equal;

#if defined(__AVX512F__)
    equal = _mm512_mask_cmpeq_epi32_mask((1u << ways) - 1, _mm512_load_si512(set), _mm512_set1_epi32((int)tag));
#elif defined(__AVX2__)
    __m256i wanted = _mm256_set1_epi32((int)tag);

    equal = (unsigned)_mm256_movemask_ps(
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(_mm256_load_si256((const __m256i *)set->tags), wanted)));
    if (ways > 8)
        equal |= (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(
                     _mm256_load_si256((const __m256i *)(set->tags + 8)), wanted))) << 8;
    equal &= (1u << ways) - 1;
#else
    equal = 0;
    for (int way = 0; way < ways; way++)
        equal |= (unsigned)(set->tags[way] == tag) << way;
#endif
    return equal ? __builtin_ctz(equal) : -1;
}

/* Make the way the newest: the ways that were newer move up by one. */
static inline __attribute__((always_inline)) void touch(struct set *set, int way)
{
    uint64_t order = set->order;
    uint64_t other = order ^ (uint64_t)way * 0x111111111111u;
    uint64_t zeroes = (other - 0x111111111111u) & ~other & 0x888888888888u;
    uint64_t up_to = ((zeroes & -zeroes) << 1) - 1;

    set->order = (order & ~up_to) | (order << 4 & up_to) | (uint64_t)way;
}

/* The oldest way, which is now the newest and has the tag. */
static inline __attribute__((always_inline)) int replace(struct set *set, int ways, uint32_t tag)
{
    int way = set->order >> (4 * (ways - 1)) & 15;

    set->order = (set->order << 4 | (uint64_t)way) & (((uint64_t)1 << (4 * ways)) - 1);
    set->tags[way] = tag;
    return way;
}

static void clear(struct set *sets, int count, int ways)
{
    for (int i = 0; i < count; i++) {
        memset(sets[i].tags, 0xFF, sizeof sets[i].tags);
        sets[i].order = 0;
        for (int way = 0; way < ways; way++)
            sets[i].order = sets[i].order << 4 | (uint64_t)way;
    }
}

static inline __attribute__((always_inline)) uint64_t ept_walk(const uint64_t *ept, uint64_t physical, uint64_t *read)
{
    uint64_t entry = ept[physical >> 39 & 511];

    entry = ept[(entry & FRAME) / 8 + (physical >> 30 & 511)];
    entry = ept[(entry & FRAME) / 8 + (physical >> 21 & 511)];
    entry = ept[(entry & FRAME) / 8 + (physical >> 12 & 511)];
    *read += 4;
    return entry & FRAME;
}

/* Where the PDE of the address lies, and where the PTE. */
static inline __attribute__((always_inline)) const uint64_t *directory(const uint64_t *entries, uint64_t address)
{
    uint64_t entry = entries[address >> 39 & 511];

    entry = entries[(entry & FRAME) / 8 + (address >> 30 & 511)];
    return entries + (entry & FRAME) / 8 + (address >> 21 & 511);
}

static inline __attribute__((always_inline)) const uint64_t *leaf(const uint64_t *entries, uint64_t address)
{
    return entries + (*directory(entries, address) & FRAME) / 8 + (address >> 12 & 511);
}

static inline __attribute__((always_inline)) void run(const uint64_t *addresses, size_t count, const uint64_t *entries,
                                                     const uint64_t *ept, const uint64_t *places, const int nested,
                                                     uint64_t *counts)
{
    uint64_t last_page = ~(uint64_t)0, last_frame = 0, checksum = 0, hits = 0, second = 0;
    uint64_t by_level[5] = {0}, walks = 0, read = 0, ept_read = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t address = addresses[i], page = address >> 12, frame, table = 0;
        int way, level, first;

        if (page == last_page) {
            hits++;
            checksum += last_frame + (address & 4095);
            continue;
        }
        last_page = page;
        way = find(&dtlb[page & 15], 4, (uint32_t)(page >> 4));
        if (way >= 0) {
            hits++;
            touch(&dtlb[page & 15], way);
            last_frame = dtlb_frames[page & 15][way];
            checksum += last_frame + (address & 4095);
            continue;
        }
        way = find(&stlb[page & 127], 12, (uint32_t)(page >> 7));
        if (way >= 0) {
            second++;
            touch(&stlb[page & 127], way);
            frame = stlb_frames[page & 127][way];
        } else {
            uint64_t pde = address >> 21, pdpte = address >> 30, pml4e = address >> 39;

            walks++;
            if (i + 2 * AHEAD < count) {
                if (nested) {
                    __builtin_prefetch(leaf(entries, addresses[i + 2 * AHEAD]));
                    __builtin_prefetch(leaf(ept, *leaf(entries, addresses[i + AHEAD]) & FRAME));
                } else {
                    __builtin_prefetch(directory(entries, addresses[i + 2 * AHEAD]));
                    __builtin_prefetch(leaf(entries, addresses[i + AHEAD]));
                }
            }
            first = 4;
            if ((way = find(&pdes[pde & 7], 4, (uint32_t)(pde >> 3))) >= 0) {
                touch(&pdes[pde & 7], way);
                table = pde_tables[pde & 7][way];
                first = 1;
            } else if ((way = find(pdptes, 4, (uint32_t)pdpte)) >= 0) {
                touch(pdptes, way);
                table = pdpte_tables[0][way];
                first = 2;
            } else if ((way = find(pml4es, 2, (uint32_t)pml4e)) >= 0) {
                touch(pml4es, way);
                table = pml4e_tables[0][way];
                first = 3;
            }
            by_level[first]++;
            for (level = first;; level--) {
                uint64_t entry;

                if (nested)
                    ept_walk(ept, places[table / 512], &ept_read);
                entry = entries[table + (address >> (3 + 9 * level) & 511)];
                read++;
                if (!(entry & PRESENT)) {
                    counts[FAULTS]++;
                    last_page = ~(uint64_t)0;
                    goto next;
                }
                if (level == 1) {
                    frame = entry & FRAME;
                    break;
                }
                table = (entry & FRAME) / 8;
                if (level == 2)
                    pde_tables[pde & 7][replace(&pdes[pde & 7], 4, (uint32_t)(pde >> 3))] = table;
                else if (level == 3)
                    pdpte_tables[0][replace(pdptes, 4, (uint32_t)pdpte)] = table;
                else
                    pml4e_tables[0][replace(pml4es, 2, (uint32_t)pml4e)] = table;
            }
            if (nested)
                frame = ept_walk(ept, frame, &ept_read);
            stlb_frames[page & 127][replace(&stlb[page & 127], 12, (uint32_t)(page >> 7))] = frame;
        }
        dtlb_frames[page & 15][replace(&dtlb[page & 15], 4, (uint32_t)(page >> 4))] = frame;
        last_frame = frame;
        checksum += frame + (address & 4095);
next:;
    }
    counts[ACCESSES] += count;
    counts[DTLB_HITS] += hits;
    counts[STLB_HITS] += second;
    counts[PDE_HITS] += by_level[1];
    counts[PDPTE_HITS] += by_level[2];
    counts[PML4E_HITS] += by_level[3];
    counts[WALKS] += walks;
    counts[ENTRIES] += read;
    counts[EPT_ENTRIES] += ept_read;
    counts[CHECKSUM] += checksum;
}

void simulate(const uint64_t *addresses, size_t count, const uint64_t *entries, const uint64_t *ept,
              const uint64_t *places, int nested, uint64_t *counts)
{
    clear(dtlb, 16, 4);
    clear(stlb, 128, 12);
    clear(pdes, 8, 4);
    clear(pdptes, 1, 4);
    clear(pml4es, 1, 2);
    if (nested)
        run(addresses, count, entries, ept, places, 1, counts);
    else
        run(addresses, count, entries, ept, places, 0, counts);
}
