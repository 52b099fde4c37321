/* The loop itself, compiled once for each kind of processor: see stream_simd.h. NAMED gives names of their own. */

#include "stream_simd_sets.h"

/* The EPT entry that maps the address (LEAF is set); or how the walk ended. */
INLINE uint64_t NAMED(ept_walk)(struct stream *stream, uint64_t physical, unsigned wanted, uint64_t *read)
{
    uint64_t table = 0;

    if (physical >> 48)
        return STREAM_VIOLATION;
    for (int shift = 39;; shift -= 9) {
        uint64_t entry = stream->ept[table + (physical >> shift & 511)];

        ++*read;
        if (entry & STREAM_LEAF)
            return entry & wanted ? entry : STREAM_VIOLATION;
        if (!(entry & STREAM_USABLE)) {
            if (!entry && stream->grows) {
                stream->needed_address = physical;
                return STREAM_EPT_TABLE_MISSING;
            }
            return entry & STREAM_WRONG ? STREAM_MISCONFIGURATION : STREAM_VIOLATION;
        }
        table = (entry & STREAM_FRAME) / 8;
    }
}

/* Where the entry of that level for the address lies; somewhere in the tables, if it does not exist. */
INLINE const uint64_t *NAMED(leaf)(const uint64_t *tables, uint64_t address, int level, int sizes)
{
    const uint64_t *entry = tables + (address >> 39 & 511);

    for (int shift = 30; shift >= 3 + 9 * level && !(sizes && *entry & STREAM_LEAF); shift -= 9)
        entry = tables + (*entry & STREAM_FRAME) / 8 + (address >> shift & 511);
    return entry;
}

/* Have the entries fetched that the walks of the references from now on will read; ``far``: PDEs are far away, too. */
INLINE void NAMED(prefetch)(const struct stream *stream, const uint64_t *coming, int level, int nested, int far)
{
    const uint64_t *next = NAMED(leaf)(stream->entries, coming[STREAM_AHEAD], level, 0);

    if (nested) {
        __builtin_prefetch(NAMED(leaf)(stream->entries, coming[2 * STREAM_AHEAD], level, 0));
        __builtin_prefetch(NAMED(leaf)(stream->ept, *next & STREAM_FRAME, 1, 1));
    } else {
        __builtin_prefetch(next);
        if (far)
            __builtin_prefetch(NAMED(leaf)(stream->entries, coming[2 * STREAM_AHEAD], level + 1, 0));
    }
}

/* Count a walk that ended without a page, and drop what such an event invalidates. */
static __attribute__((noinline, cold)) void NAMED(ended)(struct stream *stream, uint64_t address, uint64_t end, int level)
{
    stream->counts[end == STREAM_FAULT ? COUNT_FAULTS : COUNT_EXITS]++;
    for (int one = 2; one < STREAM_STRUCTURES && end != STREAM_MISCONFIGURATION; one++)
        NAMED(drop)(stream, &stream->of[one], address >> (3 + 9 * one));
    if (end != STREAM_VIOLATION || level <= stream->size)
        return;
    for (int one = 0; one < 2; one++)
        NAMED(drop_page)(stream, &stream->of[one], (address & STREAM_TRANSLATED) >> (3 + 9 * level),
                         9 * (level - stream->size));
}

/* The frame of 4 KBytes, bit 0 set; or how the walk ended. */
INLINE uint64_t NAMED(walk)(struct stream *stream, uint64_t address, const uint64_t *coming, uint64_t *counts,
                            const int fixed, const int nested)
{
    char *const arena = stream->arena;
    const int size = fixed ? 1 : stream->size, page_level = fixed ? 1 : stream->page_level;
    uint64_t table = 0, entry, end = 0, read = 0, ept_read = 0, tables[5];
    int level = 4, first = 4;

    for (int one = 2; one < STREAM_STRUCTURES; one++) {
        uint64_t number = address >> (3 + 9 * one);
        struct stream_set *set = NAMED(set_of)(SETS(one), number, BITS(one));
        int way = WAYS(one) ? NAMED(find)(set, (uint32_t)(number >> BITS(one)), WAYS(one)) : -1;

        if (way >= 0) {
            NAMED(touch)(set, way);
            table = VALUES(one)[(number & ((UINT64_C(1) << BITS(one)) - 1)) * WAYS(one) + (unsigned)way];
            level = first = one - 1;
            break;
        }
    }
    /* Where even PDEs hit, their tables are few enough to be near. */
    if (first > 1 && coming)
        NAMED(prefetch)(stream, coming, page_level, nested, first > 2);
    for (;; level--) {
        if (nested) {
            end = NAMED(ept_walk)(stream, stream->places[table / 512], STREAM_FOR_TABLES, &ept_read);
            if (!(end & STREAM_LEAF))
                break;
            end = 0;
        }
        entry = stream->entries[table + (address >> (3 + 9 * level) & 511)];
        read++;
        if (!(entry & STREAM_USABLE)) {
            end = !entry && stream->grows ? STREAM_TABLE_MISSING : STREAM_FAULT;
            break;
        }
        /* Not asked of the entry, which may take long to come. */
        if (level == page_level)
            break;
        table = tables[level] = (entry & STREAM_FRAME) / 8;
    }
    if (nested && !end) {
        uint64_t physical = (entry & STREAM_FRAME) + (address & ((UINT64_C(1) << (3 + 9 * level)) - 1));

        end = NAMED(ept_walk)(stream, physical, STREAM_USABLE, &ept_read);
        if (end & STREAM_LEAF) {
            int ept_level = end >> 10 & 3;

            entry = (end & STREAM_FRAME) + (physical & ((UINT64_C(1) << (3 + 9 * ept_level)) - 1));
            end = 0;
        }
    } else if (!end) {
        entry = (entry & STREAM_FRAME) + (address & ((UINT64_C(1) << (3 + 9 * level)) - 1));
    }
    if (end >= STREAM_TABLE_MISSING) {
        stream->needed = end;
        if (end == STREAM_TABLE_MISSING)
            stream->needed_address = address;
        return end;
    }
    counts[COUNT_STLB_HITS + first]++;
    if (nested)
        counts[COUNT_EPT_ENTRIES] += ept_read;
    if (end) {
        /* The others are counted by where they began. */
        counts[COUNT_ENTRIES] -= (uint64_t)(first - page_level + 1) - read;
        NAMED(ended)(stream, address, end, level);
        return end;
    }
    for (; first > level; first--)
        if (WAYS(first))
            *NAMED(put)(SETS(first), VALUES(first), address >> (3 + 9 * first), WAYS(first), BITS(first)) = tables[first];
    if (WAYS(1))
        *NAMED(put)(SETS(1), VALUES(1), address >> (3 + 9 * size), WAYS(1), BITS(1)) = entry & ~((UINT64_C(1) << (3 + 9 * size)) - 1);
    return (entry & STREAM_FRAME) | 1;
}

INLINE int64_t NAMED(loop)(struct stream *stream, const uint64_t *addresses, int64_t at, int64_t end, int64_t length,
                           const int fixed, const int nested)
{
    char *const arena = stream->arena;
    const int shift = 3 + 9 * (fixed ? 1 : stream->size);
    const uint64_t offset = (UINT64_C(1) << shift) - 1;
    uint64_t last_page = stream->last_page, last_frame = stream->last_frame;
    uint64_t checksum = 0, hits = 0, second = 0, counts[COUNT_CHECKSUM] = {0};
    int64_t start = at;

    for (; at < end; at++) {
        uint64_t address = addresses[at], number, frame;
        struct stream_set *set;
        int64_t first = at;
        int way;

        /* Its entry is the newest of its set: using it again changes no order. */
        while (address >> 12 == last_page) {
            checksum += address;
            if (++at == end)
                break;
            address = addresses[at];
        }
        hits += (uint64_t)(at - first);
        checksum += (uint64_t)(at - first) * (last_frame - (last_page << 12));
        if (at == end)
            break;
        number = address >> shift;
        if ((address + (UINT64_C(1) << 47)) >> 48) {
            stream->counts[COUNT_FAULTS]++;
            continue;
        }
        set = NAMED(set_of)(SETS(0), number, BITS(0));
        way = NAMED(find)(set, (uint32_t)(number >> BITS(0)), WAYS(0));
        if (way >= 0) {
            hits++;
            NAMED(touch)(set, way);
            frame = VALUES(0)[(number & ((UINT64_C(1) << BITS(0)) - 1)) * WAYS(0) + (unsigned)way];
        } else {
            set = NAMED(set_of)(SETS(1), number, BITS(1));
            way = WAYS(1) ? NAMED(find)(set, (uint32_t)(number >> BITS(1)), WAYS(1)) : -1;
            if (way >= 0) {
                second++;
                NAMED(touch)(set, way);
                frame = VALUES(1)[(number & ((UINT64_C(1) << BITS(1)) - 1)) * WAYS(1) + (unsigned)way];
            } else {
                frame = NAMED(walk)(stream, address, at + 2 * STREAM_AHEAD < length ? addresses + at : NULL, counts, fixed, nested);
                if (!(frame & 1)) {
                    if (frame >= STREAM_TABLE_MISSING)
                        break;
                    /* What it dropped may be of the last page. */
                    last_page = ~UINT64_C(0);
                    continue;
                }
                frame &= ~offset;
            }
            *NAMED(put)(SETS(0), VALUES(0), number, WAYS(0), BITS(0)) = frame;
        }
        last_page = address >> 12;
        last_frame = frame + (address & offset & ~UINT64_C(0xFFF));
        checksum += frame + (address & offset);
    }
    /* Walks that began at the root are at the place of a PML5E's hits. */
    for (int first = 1; first <= 4; first++) {
        uint64_t walks = counts[COUNT_STLB_HITS + first];

        counts[COUNT_WALKS] += walks;
        counts[COUNT_ENTRIES] += walks * (uint64_t)(first - (fixed ? 1 : stream->page_level) + 1);
    }
    counts[COUNT_PML5E_HITS] = 0;
    counts[COUNT_ACCESSES] = (uint64_t)(at - start);
    counts[COUNT_DTLB_HITS] = hits;
    counts[COUNT_STLB_HITS] = second;
    for (int i = 0; i < COUNT_CHECKSUM; i++)
        stream->counts[i] += counts[i];
    stream->counts[COUNT_CHECKSUM] += checksum;
    stream->last_page = last_page;
    stream->last_frame = last_frame;
    return at;
}

/* One function each, so that none has to share registers with another. */
#define INSTANCE(name, fixed, nested)                                                                                  \
    static __attribute__((noinline)) int64_t NAMED(name)(struct stream *stream, const uint64_t *addresses, int64_t at, \
                                                         int64_t end, int64_t length)                                  \
    {                                                                                                                  \
        return NAMED(loop)(stream, addresses, at, end, length, fixed, nested);                                         \
    }
INSTANCE(native_fixed, 1, 0)
INSTANCE(nested_fixed, 1, 1)
INSTANCE(native, 0, 0)
INSTANCE(nested, 0, 1)

static int64_t NAMED(stream_run)(struct stream *stream, const uint64_t *addresses, int64_t at, int64_t end, int64_t length)
{
    if (stream->nested)
        return (stream->fixed ? NAMED(nested_fixed) : NAMED(nested))(stream, addresses, at, end, length);
    return (stream->fixed ? NAMED(native_fixed) : NAMED(native))(stream, addresses, at, end, length);
}
#undef INSTANCE
#undef INLINE
#undef ONE
#undef WAYS
#undef BITS
#undef SETS
#undef VALUES
