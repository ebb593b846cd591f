/*
 * x86 with AVX2: four trials at a time in vectors and a fifth in the ordinary registers, in turns round by round, for each
 * leaves idle what the other needs. Both blocks share two loops of 8 rounds, with the message words in memory: what could
 * be known before the search (see search-loop.h) is not worth the longer code here.
 */
#include <immintrin.h>

#include "work.h"

typedef uint64_t vector __attribute__((vector_size(32)));
#define VECTOR_LANES 4
#define LANES 5
#define ROUNDS 80

#define ALL(x) ((vector)_mm256_set1_epi64x((long long)(x)))
#define RIGHT(x, bits) ((x) >> (bits))
/* What a rotation to the right brings in on the left. */
#define LEFT(x, bits) ((x) << (64 - (bits)))
#define BYTES_1_TO_0 1, 2, 3, 4, 5, 6, 7, 0, 9, 10, 11, 12, 13, 14, 15, 8
#define ROTATE_8(x) ((vector)_mm256_shuffle_epi8((__m256i)(x), _mm256_setr_epi8(BYTES_1_TO_0, BYTES_1_TO_0)))

/* Two chains of exclusive ors: a single one takes longer than the round has, a tree needs more registers than there are. */
#define VECTOR_SIGMA(x, p, q, r) \
  (((RIGHT(x, p) ^ LEFT(x, p)) ^ RIGHT(x, q)) ^ ((LEFT(x, q) ^ RIGHT(x, r)) ^ LEFT(x, r)))
static inline vector v_big_sigma_0(vector x) { return VECTOR_SIGMA(x, 28, 34, 39); }
static inline vector v_big_sigma_1(vector x) { return VECTOR_SIGMA(x, 14, 18, 41); }
static inline vector v_small_sigma_0(vector x) { return (ROTATE_8(x) ^ RIGHT(x, 1)) ^ (LEFT(x, 1) ^ RIGHT(x, 7)); }
static inline vector v_small_sigma_1(vector x) {
  return ((RIGHT(x, 19) ^ LEFT(x, 19)) ^ RIGHT(x, 61)) ^ (LEFT(x, 61) ^ RIGHT(x, 6));
}

/* One rotation within the other: fewer copies of what the instruction overwrites. */
#define ROTATE(x, bits) ((x) >> (bits) | (x) << (64 - (bits)))
#define SCALAR_SIGMA(x, p, q, r) ROTATE(ROTATE(ROTATE(x, (r) - (q)) ^ (x), (q) - (p)) ^ (x), p)
static inline uint64_t s_big_sigma_0(uint64_t x) { return SCALAR_SIGMA(x, 28, 34, 39); }
static inline uint64_t s_big_sigma_1(uint64_t x) { return SCALAR_SIGMA(x, 14, 18, 41); }
static inline uint64_t s_small_sigma_0(uint64_t x) { return ROTATE(x, 1) ^ ROTATE(x, 8) ^ x >> 7; }
static inline uint64_t s_small_sigma_1(uint64_t x) { return ROTATE(x, 19) ^ ROTATE(x, 61) ^ x >> 6; }

#define CHOOSE(e, f, g) ((((f) ^ (g)) & (e)) ^ (g))
#define MAJORITY(a, b, c) ((((a) ^ (b)) & ((b) ^ (c))) ^ (b))

/* One round (FIPS 180-4, 6.4.2) of the stream s or v. The letters move by one each round instead of the values. */
#define STREAM_ROUND(s, type, a, b, c, d, e, f, g, h, input)                                              \
  {                                                                                                       \
    type first = s##_##h + (input) + CHOOSE(s##_##e, s##_##f, s##_##g) + s##_big_sigma_1(s##_##e);        \
    s##_##d += first;                                                                                     \
    s##_##h = first + MAJORITY(s##_##a, s##_##b, s##_##c) + s##_big_sigma_0(s##_##a);                     \
  }

/* Keeps GCC from tearing the rounds of the two streams apart. */
#ifdef __clang__
#define IN_TURNS(h)
#else
#define IN_TURNS(h) __asm__ volatile("" : "+x"(v_##h), "+r"(s_##h));
#endif

#define ROUND(a, b, c, d, e, f, g, h, i, VECTOR_WORD, SCALAR_WORD)                            \
  STREAM_ROUND(v, vector, a, b, c, d, e, f, g, h, VECTOR_WORD(i) + ALL(constants[i]))         \
  STREAM_ROUND(s, uint64_t, a, b, c, d, e, f, g, h, SCALAR_WORD(i) + constants[i])            \
  IN_TURNS(h)

#define EIGHT_ROUNDS(VECTOR_WORD, SCALAR_WORD)                   \
  ROUND(a, b, c, d, e, f, g, h, 0, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(h, a, b, c, d, e, f, g, 1, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(g, h, a, b, c, d, e, f, 2, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(f, g, h, a, b, c, d, e, 3, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(e, f, g, h, a, b, c, d, 4, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(d, e, f, g, h, a, b, c, 5, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(c, d, e, f, g, h, a, b, 6, VECTOR_WORD, SCALAR_WORD)     \
  ROUND(b, c, d, e, f, g, h, a, 7, VECTOR_WORD, SCALAR_WORD)

#define GIVEN_VECTOR(i) v_words[i]
#define GIVEN_SCALAR(i) s_words[i]
#define NEXT(s, i) \
  (s##_words[i] = s##_words[(i) - 16] + s##_small_sigma_0(s##_words[(i) - 15]) + s##_words[(i) - 7] + s##_small_sigma_1(s##_words[(i) - 2]))
#define NEXT_VECTOR(i) NEXT(v, i)
#define NEXT_SCALAR(i) NEXT(s, i)

#define EACH_LETTER(DO) DO(0, a) DO(1, b) DO(2, c) DO(3, d) DO(4, e) DO(5, f) DO(6, g) DO(7, h)
#define START_FROM(i, letter)            \
  v_##letter = ALL(initial_state[i]);    \
  s_##letter = initial_state[i];
/* The second message begins with the first hash: what the rounds have left plus the initial state. */
#define HASH_TO_WORD(i, letter)                           \
  v_words[i] = v_##letter + ALL(initial_state[i]);        \
  s_words[i] = s_##letter + initial_state[i];

/* AVX2 compares signed numbers only, so both sides are moved by 2^63. */
static inline int first_hit(vector value, uint64_t target) {
  __m256i above = _mm256_cmpgt_epi64((__m256i)(value ^ ALL(SIGN_BIT)), (__m256i)ALL(target ^ SIGN_BIT));
  int hits = ~_mm256_movemask_pd((__m256d)above) & 15;
  return hits ? __builtin_ctz((unsigned)hits) : -1;
}

int64_t search_avx2(const struct work *work, uint64_t start, uint32_t count) {
  /* The message words of the first block, then of the second. */
  vector v_message[2 * ROUNDS];
  uint64_t s_message[2 * ROUNDS];
  for (int i = 0; i < 16; i++) {
    s_message[i] = work->message[i];
    s_message[ROUNDS + i] = i == 8 ? SIGN_BIT : i == 15 ? SECOND_LENGTH : 0;
    v_message[i] = ALL(s_message[i]);
    v_message[ROUNDS + i] = ALL(s_message[ROUNDS + i]);
  }
  vector v_nonce = ALL(start) + (vector){0, 1, 2, 3};
  uint64_t s_nonce = start + VECTOR_LANES;
  for (uint64_t done = 0; done < count; done += LANES) {
    vector v_a, v_b, v_c, v_d, v_e, v_f, v_g, v_h, *v_words = v_message;
    uint64_t s_a, s_b, s_c, s_d, s_e, s_f, s_g, s_h, *s_words = s_message;
    v_words[0] = v_nonce;
    s_words[0] = s_nonce;
    for (int block = 0; block < 2; block++) {
      if (block == 1) {
        EACH_LETTER(HASH_TO_WORD)
      }
      EACH_LETTER(START_FROM)
      const uint64_t *constants = round_constants;
      for (; constants < round_constants + 16; constants += 8, v_words += 8, s_words += 8) {
        EIGHT_ROUNDS(GIVEN_VECTOR, GIVEN_SCALAR)
      }
      for (; constants < round_constants + ROUNDS; constants += 8, v_words += 8, s_words += 8) {
        EIGHT_ROUNDS(NEXT_VECTOR, NEXT_SCALAR)
      }
    }
    int lane = first_hit(v_a + ALL(initial_state[0]), work->target);
    if (lane >= 0) return (int64_t)(done + (uint64_t)lane);
    if (s_a + initial_state[0] <= work->target) return (int64_t)(done + VECTOR_LANES);
    v_nonce += ALL(LANES);
    s_nonce += LANES;
  }
  return -1;
}
