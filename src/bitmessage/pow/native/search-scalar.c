/* One trial at a time, for any processor. */
#include "work.h"

#define SEARCH search_scalar
typedef uint64_t word;
#define LANES 1
#define STREAMS 1
#define LANE_INDEX 0
#define ALL(x) ((uint64_t)(x))
#define ROTATE(x, bits) ((x) >> (bits) | (x) << (64 - (bits)))
#define BIG_SIGMA_0(x) (ROTATE(x, 28) ^ ROTATE(x, 34) ^ ROTATE(x, 39))
#define BIG_SIGMA_1(x) (ROTATE(x, 14) ^ ROTATE(x, 18) ^ ROTATE(x, 41))
#define SMALL_SIGMA_0(x) (ROTATE(x, 1) ^ ROTATE(x, 8) ^ (x) >> 7)
#define SMALL_SIGMA_1(x) (ROTATE(x, 19) ^ ROTATE(x, 61) ^ (x) >> 6)
#define CHOOSE(e, f, g) ((((f) ^ (g)) & (e)) ^ (g))
#define SUM(h, input, choice, sigma) ((h) + (input) + (choice) + (sigma))
#define MAJORITY(a, b, c) ((((a) ^ (b)) & ((b) ^ (c))) ^ (b))

static inline int first_hit(word value, uint64_t target) { return value <= target ? 0 : -1; }

#include "search-loop.h"
