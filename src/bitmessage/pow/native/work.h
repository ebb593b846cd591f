/* What a kernel is given, and what of it does not depend on the nonce. */
#ifndef POW_WORK_H
#define POW_WORK_H

#include <stdint.h>

/* FIPS 180-4, 4.2.3 and 5.3.5. */
extern const uint64_t round_constants[80];
extern const uint64_t initial_state[8];

/*
 * DSHA(nonce || initialHash), PROTOCOL.md 10.2, is two SHA-512 of one block each. Of the first block only word 0 changes
 * from trial to trial, so much of its first 32 rounds is known before the search.
 */
struct work {
  uint64_t target;
  /* The first block; word 0 is the nonce and 0 here. */
  uint64_t message[16];
  /* Round 0 of both blocks starts from the initial state: its results a and e are these plus message word 0. */
  uint64_t a_without_word, e_without_word;
  /* First block, rounds 1 to 15: message word plus round constant; 0 is not used. */
  uint64_t round_input[16];
  /* First block, message words 16 to 31: the sum of those terms that do not depend on the nonce. */
  uint64_t known_part[16];
};

/* initial_hash: 64 bytes. */
void prepare_work(struct work *work, const uint8_t *initial_hash, uint64_t target);

/*
 * Tries the nonces from start on, modulo 2^64, at least count of them (as many as fill the vectors), and returns the
 * offset of the first whose trial value is at most the target, or -1.
 */
typedef int64_t (*search_function)(const struct work *work, uint64_t start, uint32_t count);

int64_t search_scalar(const struct work *work, uint64_t start, uint32_t count);
int64_t search_avx2(const struct work *work, uint64_t start, uint32_t count);
int64_t search_avx512(const struct work *work, uint64_t start, uint32_t count);
int64_t search_neon(const struct work *work, uint64_t start, uint32_t count);
int64_t search_sha512(const struct work *work, uint64_t start, uint32_t count);

#define SIGN_BIT 0x8000000000000000ULL
/* The last word of each block: the length of what is hashed, in bits. */
#define FIRST_LENGTH (72 * 8)
#define SECOND_LENGTH (64 * 8)

#endif
