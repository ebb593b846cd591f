/*
 * 64-bit ARM with the SHA-512 instructions (ARMv8.2-SHA512): an instruction pair does two rounds of one hash. Two trials
 * side by side hide the latency of the instructions.
 */
#include <arm_neon.h>

#include "work.h"

#define STREAMS 2
#define EACH for (int s = 0; s < STREAMS; s++)

typedef uint64x2_t pair;

/* Two rounds. The pairs' names are those of the state before round 0; they move by one every two rounds. */
#define TWO_ROUNDS(ab, cd, ef, gh, i)                                                              \
  EACH {                                                                                           \
    pair input = w[i][s] + vld1q_u64(constants + 2 * (i));                                         \
    pair sum = vextq_u64(input, input, 1) + gh[s];                                                 \
    pair middle = vsha512hq_u64(sum, vextq_u64(ef[s], gh[s], 1), vextq_u64(cd[s], ef[s], 1));      \
    gh[s] = vsha512h2q_u64(middle, cd[s], ab[s]);                                                  \
    cd[s] += middle;                                                                               \
  }

#define SIXTEEN_ROUNDS(NEXT)                      \
  NEXT(0) TWO_ROUNDS(ab, cd, ef, gh, 0)           \
  NEXT(1) TWO_ROUNDS(gh, ab, cd, ef, 1)           \
  NEXT(2) TWO_ROUNDS(ef, gh, ab, cd, 2)           \
  NEXT(3) TWO_ROUNDS(cd, ef, gh, ab, 3)           \
  NEXT(4) TWO_ROUNDS(ab, cd, ef, gh, 4)           \
  NEXT(5) TWO_ROUNDS(gh, ab, cd, ef, 5)           \
  NEXT(6) TWO_ROUNDS(ef, gh, ab, cd, 6)           \
  NEXT(7) TWO_ROUNDS(cd, ef, gh, ab, 7)

#define SAME_WORDS(i)
/* Message words t and t + 1 in the place of t - 16 and t - 15. */
#define NEXT_WORDS(i)                                                                                  \
  EACH w[i][s] = vsha512su1q_u64(vsha512su0q_u64(w[i][s], w[((i) + 1) & 7][s]), w[((i) + 7) & 7][s],   \
                                 vextq_u64(w[((i) + 4) & 7][s], w[((i) + 5) & 7][s], 1));

int64_t search_sha512(const struct work *work, uint64_t start, uint32_t count) {
  const pair ab_0 = vld1q_u64(initial_state), cd_0 = vld1q_u64(initial_state + 2);
  const pair ef_0 = vld1q_u64(initial_state + 4), gh_0 = vld1q_u64(initial_state + 6);
  for (uint64_t done = 0; done < count; done += STREAMS) {
    pair ab[STREAMS], cd[STREAMS], ef[STREAMS], gh[STREAMS], w[8][STREAMS];
    for (int block = 0; block < 2; block++) {
      EACH {
        if (block == 0) {
          for (int i = 0; i < 8; i++) w[i][s] = vld1q_u64(work->message + 2 * i);
          w[0][s] = vsetq_lane_u64(start + done + (uint64_t)s, w[0][s], 0);
        } else {
          w[0][s] = ab[s] + ab_0;
          w[1][s] = cd[s] + cd_0;
          w[2][s] = ef[s] + ef_0;
          w[3][s] = gh[s] + gh_0;
          w[4][s] = (pair){SIGN_BIT, 0};
          w[5][s] = w[6][s] = (pair){0, 0};
          w[7][s] = (pair){0, SECOND_LENGTH};
        }
        ab[s] = ab_0;
        cd[s] = cd_0;
        ef[s] = ef_0;
        gh[s] = gh_0;
      }
      const uint64_t *constants = round_constants;
      SIXTEEN_ROUNDS(SAME_WORDS)
      for (int sixteen = 1; sixteen < 5; sixteen++) {
        constants += 16;
        SIXTEEN_ROUNDS(NEXT_WORDS)
      }
    }
    EACH {
      if (vgetq_lane_u64(ab[s], 0) + initial_state[0] <= work->target) return (int64_t)(done + (uint64_t)s);
    }
  }
  return -1;
}
