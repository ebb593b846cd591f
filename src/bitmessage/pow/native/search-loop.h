/*
 * The search loop for any vector of 64-bit words. A file for one instruction set defines, before it includes this:
 *   SEARCH        the name of the function
 *   word          a type with + on each lane
 *   LANES         lanes of a word
 *   STREAMS       words computed side by side: more hide the latency of instructions, and need more registers
 *   LANE_INDEX    the word 0, 1, 2, ...
 *   ALL(x)        the word with the number x in each lane
 *   BIG_SIGMA_0(x), BIG_SIGMA_1(x), SMALL_SIGMA_0(x), SMALL_SIGMA_1(x), CHOOSE(e, f, g), MAJORITY(a, b, c)
 *   SUM(h, input, choice, sigma)   their sum, in the order that suits the processor: compile with -fno-tree-reassoc
 *   first_hit(value, target)   the first lane whose value is at most the target (unsigned), or -1
 *
 * Rounds 0 to 15 and message words 16 to 31 are written out for each block, because much of them is known before the
 * search. Rounds 16 to 79 are code that both blocks share: code that outgrows the caches for instructions is slow.
 */
#include "work.h"

#define EACH for (int s = 0; s < STREAMS; s++)

/* One round (FIPS 180-4, 6.4.2). The letters move by one each round instead of the values. */
#define ROUND(a, b, c, d, e, f, g, h, input)                                    \
  EACH {                                                                        \
    word first = SUM(h[s], input, CHOOSE(e[s], f[s], g[s]), BIG_SIGMA_1(e[s])); \
    d[s] += first;                                                              \
    h[s] = first + MAJORITY(a[s], b[s], c[s]) + BIG_SIGMA_0(a[s]);              \
  }

#define ROUNDS_1_TO_7(INPUT)              \
  ROUND(h, a, b, c, d, e, f, g, INPUT(1)) \
  ROUND(g, h, a, b, c, d, e, f, INPUT(2)) \
  ROUND(f, g, h, a, b, c, d, e, INPUT(3)) \
  ROUND(e, f, g, h, a, b, c, d, INPUT(4)) \
  ROUND(d, e, f, g, h, a, b, c, INPUT(5)) \
  ROUND(c, d, e, f, g, h, a, b, INPUT(6)) \
  ROUND(b, c, d, e, f, g, h, a, INPUT(7))

#define ROUNDS_8_TO_15(INPUT)              \
  ROUND(a, b, c, d, e, f, g, h, INPUT(8))  \
  ROUND(h, a, b, c, d, e, f, g, INPUT(9))  \
  ROUND(g, h, a, b, c, d, e, f, INPUT(10)) \
  ROUND(f, g, h, a, b, c, d, e, INPUT(11)) \
  ROUND(e, f, g, h, a, b, c, d, INPUT(12)) \
  ROUND(d, e, f, g, h, a, b, c, INPUT(13)) \
  ROUND(c, d, e, f, g, h, a, b, INPUT(14)) \
  ROUND(b, c, d, e, f, g, h, a, INPUT(15))

#define SIXTEEN_ROUNDS(INPUT)             \
  ROUND(a, b, c, d, e, f, g, h, INPUT(0)) \
  ROUNDS_1_TO_7(INPUT)                    \
  ROUNDS_8_TO_15(INPUT)

/* Round 0 starts from the initial state, so all of it but one addition each is known. */
#define ROUND_0(first_word)                          \
  EACH {                                             \
    word message_word = (first_word);                \
    h[s] = message_word + ALL(work->a_without_word); \
    d[s] = message_word + ALL(work->e_without_word); \
    a[s] = ALL(initial_state[0]);                    \
    b[s] = ALL(initial_state[1]);                    \
    c[s] = ALL(initial_state[2]);                    \
    e[s] = ALL(initial_state[4]);                    \
    f[s] = ALL(initial_state[5]);                    \
    g[s] = ALL(initial_state[6]);                    \
  }

/* Message word t in the place of t - 16. */
#define NEXT_WORD(i) \
  (w[i][s] = w[i][s] + SMALL_SIGMA_0(w[((i) + 1) & 15][s]) + w[((i) + 9) & 15][s] + SMALL_SIGMA_1(w[((i) + 14) & 15][s]))

#define FIRST_BLOCK_INPUT(i) ALL(work->round_input[i])
#define SECOND_BLOCK_INPUT(i) \
  ((i) < 8 ? w[(i) & 7][s] + ALL(round_constants[i]) : ALL(round_constants[i] + PADDING(i)))
#define PADDING(i) ((i) == 8 ? SIGN_BIT : (i) == 15 ? SECOND_LENGTH : 0)
#define WORD_INPUT(i) (w[i][s] + ALL(constants[i]))
#define NEXT_WORD_INPUT(i) (NEXT_WORD(i), WORD_INPUT(i))

#define KNOWN(i) ALL(work->known_part[i])

int64_t SEARCH(const struct work *work, uint64_t start, uint32_t count) {
  word nonce[STREAMS];
  EACH nonce[s] = ALL(start + (uint64_t)s * LANES) + LANE_INDEX;
  for (uint64_t done = 0; done < count; done += LANES * STREAMS) {
    word a[STREAMS], b[STREAMS], c[STREAMS], d[STREAMS], e[STREAMS], f[STREAMS], g[STREAMS], h[STREAMS];
    word w[16][STREAMS];
    for (int block = 0; block < 2; block++) {
      if (block == 0) {
        ROUND_0(nonce[s])
        ROUNDS_1_TO_7(FIRST_BLOCK_INPUT)
        ROUNDS_8_TO_15(FIRST_BLOCK_INPUT)
        EACH {
          w[0][s] = KNOWN(0) + nonce[s];
          w[1][s] = KNOWN(1);
          w[2][s] = KNOWN(2) + SMALL_SIGMA_1(w[0][s]);
          w[3][s] = KNOWN(3);
          w[4][s] = KNOWN(4) + SMALL_SIGMA_1(w[2][s]);
          w[5][s] = KNOWN(5);
          w[6][s] = KNOWN(6) + SMALL_SIGMA_1(w[4][s]);
          w[7][s] = KNOWN(7) + w[0][s];
          w[8][s] = KNOWN(8) + SMALL_SIGMA_1(w[6][s]);
          w[9][s] = KNOWN(9) + w[2][s] + SMALL_SIGMA_1(w[7][s]);
          w[10][s] = KNOWN(10) + SMALL_SIGMA_1(w[8][s]);
          w[11][s] = w[4][s] + SMALL_SIGMA_1(w[9][s]);
          w[12][s] = KNOWN(12) + SMALL_SIGMA_1(w[10][s]);
          w[13][s] = w[6][s] + SMALL_SIGMA_1(w[11][s]);
          w[14][s] = KNOWN(14) + w[7][s] + SMALL_SIGMA_1(w[12][s]);
          w[15][s] = KNOWN(15) + SMALL_SIGMA_0(w[0][s]) + w[8][s] + SMALL_SIGMA_1(w[13][s]);
        }
      } else {
        /* The message is the first hash: what the rounds have left plus the initial state. */
        EACH {
          w[0][s] = a[s] + ALL(initial_state[0]);
          w[1][s] = b[s] + ALL(initial_state[1]);
          w[2][s] = c[s] + ALL(initial_state[2]);
          w[3][s] = d[s] + ALL(initial_state[3]);
          w[4][s] = e[s] + ALL(initial_state[4]);
          w[5][s] = f[s] + ALL(initial_state[5]);
          w[6][s] = g[s] + ALL(initial_state[6]);
          w[7][s] = h[s] + ALL(initial_state[7]);
        }
        ROUND_0(w[0][s])
        ROUNDS_1_TO_7(SECOND_BLOCK_INPUT)
        ROUNDS_8_TO_15(SECOND_BLOCK_INPUT)
        EACH {
          w[0][s] += SMALL_SIGMA_0(w[1][s]);
          w[1][s] += SMALL_SIGMA_0(w[2][s]) + SMALL_SIGMA_1(ALL(SECOND_LENGTH));
          w[2][s] += SMALL_SIGMA_0(w[3][s]) + SMALL_SIGMA_1(w[0][s]);
          w[3][s] += SMALL_SIGMA_0(w[4][s]) + SMALL_SIGMA_1(w[1][s]);
          w[4][s] += SMALL_SIGMA_0(w[5][s]) + SMALL_SIGMA_1(w[2][s]);
          w[5][s] += SMALL_SIGMA_0(w[6][s]) + SMALL_SIGMA_1(w[3][s]);
          w[6][s] += SMALL_SIGMA_0(w[7][s]) + SMALL_SIGMA_1(w[4][s]) + ALL(SECOND_LENGTH);
          w[7][s] += SMALL_SIGMA_0(ALL(SIGN_BIT)) + w[0][s] + SMALL_SIGMA_1(w[5][s]);
          w[8][s] = ALL(SIGN_BIT) + w[1][s] + SMALL_SIGMA_1(w[6][s]);
          w[9][s] = w[2][s] + SMALL_SIGMA_1(w[7][s]);
          w[10][s] = w[3][s] + SMALL_SIGMA_1(w[8][s]);
          w[11][s] = w[4][s] + SMALL_SIGMA_1(w[9][s]);
          w[12][s] = w[5][s] + SMALL_SIGMA_1(w[10][s]);
          w[13][s] = w[6][s] + SMALL_SIGMA_1(w[11][s]);
          w[14][s] = SMALL_SIGMA_0(ALL(SECOND_LENGTH)) + w[7][s] + SMALL_SIGMA_1(w[12][s]);
          w[15][s] = ALL(SECOND_LENGTH) + SMALL_SIGMA_0(w[0][s]) + w[8][s] + SMALL_SIGMA_1(w[13][s]);
        }
      }
      const uint64_t *constants = round_constants + 16;
      SIXTEEN_ROUNDS(WORD_INPUT)
      for (int sixteen = 2; sixteen < 5; sixteen++) {
        constants += 16;
        SIXTEEN_ROUNDS(NEXT_WORD_INPUT)
      }
    }
    EACH {
      int lane = first_hit(a[s] + ALL(initial_state[0]), work->target);
      if (lane >= 0) return (int64_t)(done + (uint64_t)(s * LANES + lane));
    }
    EACH nonce[s] += ALL((uint64_t)LANES * STREAMS);
  }
  return -1;
}
