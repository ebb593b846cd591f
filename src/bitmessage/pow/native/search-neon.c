/* 64-bit ARM: two trials at a time. A rotation is a shift and a shift that inserts. */
#include <arm_neon.h>

#include "work.h"

#define SEARCH search_neon
typedef uint64x2_t word;
#define LANES 2
#define STREAMS 1
#define LANE_INDEX ((word){0, 1})
#define ALL(x) vdupq_n_u64(x)
#define ROTATE(x, bits) vsriq_n_u64(vshlq_n_u64(x, 64 - (bits)), x, bits)
#define XOR_3(x, y, z) veorq_u64(veorq_u64(x, y), z)
#define BIG_SIGMA_0(x) XOR_3(ROTATE(x, 28), ROTATE(x, 34), ROTATE(x, 39))
#define BIG_SIGMA_1(x) XOR_3(ROTATE(x, 14), ROTATE(x, 18), ROTATE(x, 41))
#define SMALL_SIGMA_0(x) XOR_3(ROTATE(x, 1), ROTATE(x, 8), vshrq_n_u64(x, 7))
#define SMALL_SIGMA_1(x) XOR_3(ROTATE(x, 19), ROTATE(x, 61), vshrq_n_u64(x, 6))
#define CHOOSE(e, f, g) vbslq_u64(e, f, g)
#define MAJORITY(a, b, c) vbslq_u64(veorq_u64(a, b), c, b)
#define SUM(h, input, choice, sigma) (((h) + (input)) + ((choice) + (sigma)))

static inline int first_hit(word value, uint64_t target) {
  uint64x2_t hits = vcleq_u64(value, vdupq_n_u64(target));
  if (vgetq_lane_u64(hits, 0)) return 0;
  return vgetq_lane_u64(hits, 1) ? 1 : -1;
}

#include "search-loop.h"
