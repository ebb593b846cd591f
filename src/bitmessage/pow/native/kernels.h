/* The kernels of this build, and whether the processor can run them. */
#ifndef POW_KERNELS_H
#define POW_KERNELS_H

#include "work.h"

struct kernel {
  const char *name;
  int (*supported)(void);
  search_function search;
};

/* Ends with an entry whose name is a null pointer. */
extern const struct kernel kernels[];

#endif
