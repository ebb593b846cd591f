/*
 * x86 with AVX-512F: twice eight trials at a time, with the instructions for rotation (VPRORQ) and for any function of
 * three bits (VPTERNLOGQ). 32 registers hold the states of two streams; the message words come from memory.
 */
#include <immintrin.h>

#include "work.h"

#define SEARCH search_avx512
typedef uint64_t word __attribute__((vector_size(64)));
#define LANES 8
#define STREAMS 2
#define LANE_INDEX ((word){0, 1, 2, 3, 4, 5, 6, 7})
#define ALL(x) ((word)_mm512_set1_epi64((long long)(x)))
#define ROTATE(x, bits) ((word)_mm512_ror_epi64((__m512i)(x), bits))
#define TERNARY(x, y, z, truth) \
  ((word)_mm512_ternarylogic_epi64((__m512i)(x), (__m512i)(y), (__m512i)(z), truth))
#define XOR_3(x, y, z) TERNARY(x, y, z, 0x96)
#define BIG_SIGMA_0(x) XOR_3(ROTATE(x, 28), ROTATE(x, 34), ROTATE(x, 39))
#define BIG_SIGMA_1(x) XOR_3(ROTATE(x, 14), ROTATE(x, 18), ROTATE(x, 41))
#define SMALL_SIGMA_0(x) XOR_3(ROTATE(x, 1), ROTATE(x, 8), (x) >> 7)
#define SMALL_SIGMA_1(x) XOR_3(ROTATE(x, 19), ROTATE(x, 61), (x) >> 6)
#define CHOOSE(e, f, g) TERNARY(e, f, g, 0xca)
#define SUM(h, input, choice, sigma) (((h) + (input)) + ((choice) + (sigma)))
#define MAJORITY(a, b, c) TERNARY(a, b, c, 0xe8)

static inline int first_hit(word value, uint64_t target) {
  unsigned hits = _mm512_cmple_epu64_mask((__m512i)value, (__m512i)ALL(target));
  return hits ? __builtin_ctz(hits) : -1;
}

#include "search-loop.h"
