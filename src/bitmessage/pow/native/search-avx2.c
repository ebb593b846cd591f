/* x86 with AVX2: four trials at a time. Rotations are two shifts; the one by whole bytes is a shuffle. */
#include <immintrin.h>

#include "work.h"

#define SEARCH search_avx2
typedef uint64_t word __attribute__((vector_size(32)));
#define LANES 4
#define STREAMS 1
#define LANE_INDEX ((word){0, 1, 2, 3})
#define ALL(x) ((word)_mm256_set1_epi64x((long long)(x)))
#define ROTATE(x, bits) (((x) >> (bits)) ^ ((x) << (64 - (bits))))
#define BYTES_1_TO_0 1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 8
#define ROTATE_8(x) ((word)_mm256_shuffle_epi8((__m256i)(x), _mm256_setr_epi8(BYTES_1_TO_0, BYTES_1_TO_0)))
/* The exclusive ors stand as a tree: a chain of them would need fewer registers, but takes longer than the round has. */
#define BIG_SIGMA_0(x) ((ROTATE(x, 28) ^ ROTATE(x, 34)) ^ ROTATE(x, 39))
#define BIG_SIGMA_1(x) ((ROTATE(x, 14) ^ ROTATE(x, 18)) ^ ROTATE(x, 41))
#define SMALL_SIGMA_0(x) ((ROTATE_8(x) ^ ((x) >> 1)) ^ (((x) << 63) ^ ((x) >> 7)))
#define SMALL_SIGMA_1(x) ((ROTATE(x, 19) ^ ROTATE(x, 61)) ^ ((x) >> 6))
#define CHOOSE(e, f, g) ((((f) ^ (g)) & (e)) ^ (g))
#define SUM(h, input, choice, sigma) ((h) + (input) + (choice) + (sigma))
#define MAJORITY(a, b, c) ((((a) ^ (b)) & ((b) ^ (c))) ^ (b))

/* AVX2 compares signed numbers only, so both sides are moved by 2^63. */
static inline int first_hit(word value, uint64_t target) {
  __m256i above = _mm256_cmpgt_epi64((__m256i)(value ^ ALL(SIGN_BIT)), (__m256i)ALL(target ^ SIGN_BIT));
  int hits = ~_mm256_movemask_pd((__m256d)above) & 15;
  return hits ? __builtin_ctz((unsigned)hits) : -1;
}

#include "search-loop.h"
