/* Sets of tags: find, touch, put, drop; once for each kind of processor, as stream_simd_take.h, which includes it. */

#define ONE(n) (fixed ? &stream_fixed[n] : &stream->of[n])
#define WAYS(n) (ONE(n)->ways)
#define BITS(n) (ONE(n)->bits)
#define SETS(n) (arena + ONE(n)->sets)
#define VALUES(n) ((uint64_t *)(arena + ONE(n)->values))
#define INLINE static inline __attribute__((always_inline))

INLINE struct stream_set *NAMED(set_of)(char *sets, uint64_t number, unsigned bits)
{
    return (struct stream_set *)(sets + 64 * (number & ((UINT64_C(1) << bits) - 1)));
}

/* Which way has the tag; -1: none. */
INLINE int NAMED(find)(const struct stream_set *set, uint32_t tag, unsigned ways)
{
    unsigned equal;

#ifdef STREAM_AVX512
    if (ways <= 4)
        equal = _mm_cmpeq_epi32_mask(_mm_load_si128((const __m128i *)set), _mm_set1_epi32((int)tag));
    else
        equal = _mm512_cmpeq_epi32_mask(_mm512_load_si512(set), _mm512_set1_epi32((int)tag));
#else
    __m256i wanted = _mm256_set1_epi32((int)tag);
    __m256i low = _mm256_cmpeq_epi32(_mm256_load_si256((const __m256i *)set), wanted);

    equal = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(low));
    if (ways > 8) {
        __m256i high = _mm256_cmpeq_epi32(_mm256_load_si256((const __m256i *)set + 1), wanted);

        equal |= (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(high)) << 8;
    }
#endif
    equal &= set->used;
    return equal ? __builtin_ctz(equal) : -1;
}

/* All bits up to the highest of that way's place in the order. */
INLINE uint64_t NAMED(up_to)(uint64_t order, int way)
{
    uint64_t other = order ^ (uint64_t)way * UINT64_C(0x111111111111);
    uint64_t zeroes = (other - UINT64_C(0x111111111111)) & ~other & UINT64_C(0x888888888888);

    return zeroes ^ (zeroes - 1);
}

/* Make the way the newest. */
INLINE void NAMED(touch)(struct stream_set *set, int way)
{
    uint64_t order = set->order, mask;

    mask = NAMED(up_to)(order, way);
    set->order = (order & ~mask) | (order << 4 & mask) | (uint64_t)way;
}

/* The place of the value for a new entry, in the oldest way. */
INLINE uint64_t *NAMED(put)(char *sets, uint64_t *values, uint64_t number, unsigned ways, unsigned bits)
{
    struct stream_set *set = NAMED(set_of)(sets, number, bits);
    uint64_t way = set->order >> 4 * (ways - 1) & 15;

    set->order = (set->order << 4 | way) & ((UINT64_C(1) << 4 * ways) - 1);
    set->tags[way] = (uint32_t)(number >> bits);
    set->used |= 1u << way;
    return values + (number & ((UINT64_C(1) << bits) - 1)) * ways + way;
}

/* Forget the entry, if there is one: its way becomes the oldest. */
static void NAMED(drop)(const struct stream *stream, const struct stream_structure *one, uint64_t number)
{
    struct stream_set *set = NAMED(set_of)(stream->arena + one->sets, number, one->bits);
    int way = one->ways ? NAMED(find)(set, (uint32_t)(number >> one->bits), one->ways) : -1;

    if (way >= 0) {
        uint64_t below = NAMED(up_to)(set->order, way) >> 4;

        set->order = (set->order & below) | (set->order >> 4 & ~below) | (uint64_t)way << 4 * (one->ways - 1);
        set->used &= ~(1u << way);
    }
}

/* Forget all parts of the guest's page that has this number; a part's has so many bits more. */
static void NAMED(drop_page)(const struct stream *stream, const struct stream_structure *one, uint64_t page, int more)
{
    for (uint64_t index = 0; one->ways && index >> one->bits == 0; index++) {
        struct stream_set *set = NAMED(set_of)(stream->arena + one->sets, index, one->bits);

        for (unsigned way = 0; way < one->ways; way++) {
            uint64_t number = (uint64_t)set->tags[way] << one->bits | index;

            /* A tag has some of the bits that repeat bit 47. */
            if (set->used >> way & 1 && (number & STREAM_TRANSLATED >> (3 + 9 * stream->size)) >> more == page)
                NAMED(drop)(stream, one, number);
        }
    }
}
