/*
 * What PyBitmessage's bitmsghash.cpp does in its loop: two SHA-512 for each nonce through OpenSSL's Init, Update and
 * Final. Takes the place of kernels.c beside src/bitmessage/pow/native/addon.c, so that the bench can run it beside ours.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stddef.h>
#include <string.h>

#include "kernels.h"

static int64_t search_openssl(const struct work *work, uint64_t start, uint32_t count) {
  unsigned char trial[72], digest[SHA512_DIGEST_LENGTH];
  SHA512_CTX context;
  for (int index = 0; index < 64; index++) trial[8 + index] = (unsigned char)(work->message[1 + index / 8] >> (56 - index % 8 * 8));
  for (uint32_t offset = 0; offset < count; offset++) {
    uint64_t nonce = __builtin_bswap64(start + offset), value;
    memcpy(trial, &nonce, sizeof nonce);
    SHA512_Init(&context);
    SHA512_Update(&context, trial, sizeof trial);
    SHA512_Final(digest, &context);
    SHA512_Init(&context);
    SHA512_Update(&context, digest, sizeof digest);
    SHA512_Final(digest, &context);
    memcpy(&value, digest, sizeof value);
    if (__builtin_bswap64(value) <= work->target) return offset;
  }
  return -1;
}

static int always(void) { return 1; }

const struct kernel kernels[] = {
    {"openssl", always, search_openssl},
    {NULL, NULL, NULL},
};
