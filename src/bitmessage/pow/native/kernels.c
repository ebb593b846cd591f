#include "kernels.h"

#include <stddef.h>

static int always(void) { return 1; }

#if defined(__x86_64__)

/* These ask the operating system, too, whether it keeps the registers. */
static int has_avx2(void) { return __builtin_cpu_supports("avx2") != 0; }
static int has_avx512(void) { return __builtin_cpu_supports("avx512f") != 0; }

const struct kernel kernels[] = {
    {"avx512", has_avx512, search_avx512},
    {"avx2", has_avx2, search_avx2},
    {"scalar", always, search_scalar},
    {NULL, NULL, NULL},
};

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
/* HWCAP_SHA512 of the kernel's asm/hwcap.h. */
static int has_sha512(void) { return (getauxval(AT_HWCAP) >> 21 & 1) != 0; }
#elif defined(__APPLE__)
#include <sys/sysctl.h>
static int has_sha512(void) {
  int value = 0;
  size_t size = sizeof value;
  return sysctlbyname("hw.optional.armv8_2_sha512", &value, &size, NULL, 0) == 0 && value != 0;
}
#else
static int has_sha512(void) { return 0; }
#endif

const struct kernel kernels[] = {
    {"sha512", has_sha512, search_sha512},
    {"neon", always, search_neon},
    {"scalar", always, search_scalar},
    {NULL, NULL, NULL},
};

#else

const struct kernel kernels[] = {
    {"scalar", always, search_scalar},
    {NULL, NULL, NULL},
};

#endif
