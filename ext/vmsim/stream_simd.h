/*
 * The inner loop of a stream for processors with AVX2 or AVX-512: what stream_loop.py does, where all pages have one
 * size. A set is one cache line: tags of 32 bits, compared at once, and the LRU order in one word, so that neither touch
 * nor victim scans. Entries of the walks to come are prefetched. stream_loop.py is the authority; a test holds this equal.
 */
#ifndef STREAM_SIMD_H
#define STREAM_SIMD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_WAYS = 12, STREAM_STRUCTURES = 5, STREAM_AHEAD = 24 };
enum { STREAM_FAULT = 2, STREAM_VIOLATION = 4, STREAM_MISCONFIGURATION = 6, STREAM_TABLE_MISSING = 10,
       STREAM_EPT_TABLE_MISSING = 12 };
enum { STREAM_USABLE = 1, STREAM_FOR_TABLES = 2, STREAM_WRONG = 8, STREAM_LEAF = 0x80 };
enum { COUNT_ACCESSES, COUNT_DTLB_HITS, COUNT_STLB_HITS, COUNT_PDE_HITS, COUNT_PDPTE_HITS, COUNT_PML4E_HITS,
       COUNT_PML5E_HITS, COUNT_WALKS, COUNT_ENTRIES, COUNT_EPT_ENTRIES, COUNT_FAULTS, COUNT_EXITS, COUNT_CHECKSUM };
#define STREAM_FRAME UINT64_C(0x000FFFFFFFFFF000)
/* The bits of a linear address that are translated. */
#define STREAM_TRANSLATED UINT64_C(0x0000FFFFFFFFFFFF)

/* Way numbers by age in ``order``, the newest in the lowest 4 bits. Ways that are not ``used`` are the oldest. */
struct stream_set {
    uint32_t tags[STREAM_WAYS];
    uint64_t order;
    uint32_t used;
};

/* Where its sets and values begin in the arena, in bytes; how many bits of a number select the set; 0 ways: none. */
struct stream_structure {
    uint32_t sets, values, bits, ways;
};

/* dTLB, STLB, and the caches of PDEs, PDPTEs and PML4Es; the tables; what lives from chunk to chunk. */
struct stream {
    struct stream_structure of[STREAM_STRUCTURES];
    char *arena;
    uint32_t used; /* bytes of it */
    const uint64_t *entries, *ept, *places;
    uint64_t *counts;
    int nested, grows, size; /* size: level of the pages in the TLBs, 1 to 3 */
    int page_level;          /* of the pages that CR3's tables map */
    int fixed;               /* the default geometry, pages of 4 KBytes */
    uint64_t last_page, last_frame, needed, needed_address;
};

/* The default geometry, with which all of this is known when it is compiled. */
static const struct stream_structure stream_fixed[STREAM_STRUCTURES] = {
    {0, 1024, 4, 4}, {1536, 9728, 7, 12}, {22016, 22528, 3, 4}, {22784, 22848, 0, 4}, {22912, 22976, 0, 2}};

static void stream_add(struct stream *stream, int which, uint32_t bits, uint32_t ways)
{
    uint32_t sets = stream->used, values = sets + (64 << bits);

    stream->of[which] = (struct stream_structure){sets, values, bits, ways};
    /* The next sets begin at a cache line again. */
    stream->used = (values + (8 * ways << bits) + 63) & ~63u;
}

/* Make the structures that were added, all empty; -1: there is no memory. */
static int stream_ready(struct stream *stream)
{
    if (posix_memalign((void **)&stream->arena, 64, stream->used))
        return -1;
    memset(stream->arena, 0, stream->used);
    stream->last_page = ~UINT64_C(0);
    stream->fixed = stream->size == 1 && stream->page_level == 1 && !memcmp(stream->of, stream_fixed, sizeof stream_fixed);
    for (int i = 0; i < STREAM_STRUCTURES; i++) {
        const struct stream_structure *one = &stream->of[i];
        uint64_t order = 0;

        for (uint32_t way = 0; way < one->ways; way++)
            order = order << 4 | way;
        for (uint32_t set = 0; set >> one->bits == 0; set++)
            ((struct stream_set *)(stream->arena + one->sets + 64 * set))->order = order;
    }
    return 0;
}

/* clang has no such pragma: built by it, the other loop runs. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2")
#define NAMED(name) name##_avx2
#include "stream_simd_take.h"
#undef NAMED
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,avx512f,avx512vl")
#define NAMED(name) name##_avx512
#define STREAM_AVX512
#include "stream_simd_take.h"
#undef STREAM_AVX512
#undef NAMED
#pragma GCC pop_options

/* 0: this processor has neither; 1: AVX2; 2: AVX-512. */
static int stream_supported(void)
{
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2"))
        return 0;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") ? 2 : 1;
}

static int64_t stream_take(struct stream *stream, const uint64_t *addresses, int64_t at, int64_t end, int64_t length,
                           int level)
{
    return (level == 2 ? stream_run_avx512 : stream_run_avx2)(stream, addresses, at, end, length);
}
#else
static int stream_supported(void)
{
    return 0;
}

static int64_t stream_take(struct stream *stream, const uint64_t *addresses, int64_t at, int64_t end, int64_t length,
                           int level)
{
    (void)stream, (void)addresses, (void)end, (void)length, (void)level;
    return at;
}
#endif
#endif
