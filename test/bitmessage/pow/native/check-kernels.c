/*
 * Holds every kernel against the scalar one on nonces around the carries, and against the public vector (bitchan, issue 3).
 * For processors that are only emulated here: scripts/check-native-arm builds and runs it. Exits with 1 on a difference.
 */
#include <stdio.h>

#include "kernels.h"

static const char *const public_hash =
    "8ff2d685db89a0af2e3dbfd3f700ae96ef4d9a1eac72fd778bbb368c7510cddd"
    "a349e03207e1c4965bd95c6f7265e8f1a481a08afab3874eaafb9ade09a10880";

static int check_vector(const struct kernel *kernel) {
  uint8_t hash[64];
  struct work work;
  for (int index = 0; index < 64; index++) {
    unsigned byte;
    if (sscanf(public_hash + 2 * index, "%2x", &byte) != 1) return 0;
    hash[index] = (uint8_t)byte;
  }
  prepare_work(&work, hash, 297422593171ULL);
  if (kernel->search(&work, 21997550 - 2000, 4000) != 2000) return 0;
  prepare_work(&work, hash, 120283692955ULL);
  if (kernel->search(&work, 21997550 - 2001, 4000) != 2001) return 0;
  prepare_work(&work, hash, 120283692954ULL);
  return kernel->search(&work, 21997550 - 2001, 4000) == -1;
}

/* The hits among 2048 nonces, or -1 if the kernels differ. */
static int count_hits(const struct kernel *kernel, uint64_t start) {
  uint8_t hash[64];
  struct work work;
  int hits = 0;
  for (int index = 0; index < 64; index++) hash[index] = (uint8_t)(index * 73 + 5);
  prepare_work(&work, hash, 1ULL << 58);
  for (uint64_t from = 0; from < 2048; hits++) {
    uint32_t rest = (uint32_t)(2048 - from);
    int64_t expected = search_scalar(&work, start + from, rest);
    int64_t found = kernel->search(&work, start + from, rest);
    if (found >= rest) found = -1;
    if (found != expected) return -1;
    if (found < 0) break;
    from += (uint64_t)found + 1;
  }
  return hits;
}

int main(void) {
  const uint64_t starts[] = {0, (1ULL << 32) - 1024, (1ULL << 63) - 1024, -1024ULL};
  int wrong = 0;
  for (const struct kernel *kernel = kernels; kernel->name; kernel++) {
    if (!kernel->supported()) {
      printf("%s: not on this processor\n", kernel->name);
      continue;
    }
    int good = check_vector(kernel);
    for (int index = 0; index < 4; index++) good = good && count_hits(kernel, starts[index]) > 10;
    printf("%s: %s\n", kernel->name, good ? "correct" : "WRONG");
    wrong += !good;
  }
  return wrong != 0;
}
