/*
 * What JavaScript sees:
 *   kernels: string[]    those that this processor can run, the most special first
 *   search(kernel: number, initialHash: Uint8Array, target: bigint, start: bigint, count: number): number
 *     kernel: index into kernels; initialHash: 64 bytes; target, start: 0 to 2^64 - 1; count: 1 to 2^31 - 1.
 *     The offset of the first hit among count nonces from start on, or -1.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels.h"

/*
 * The part of Node-API that is used here, declared as https://nodejs.org/api/n-api.html does: that interface is stable
 * across all versions of Node, and many installations of Node come without its header files.
 */
typedef struct napi_env__ *napi_env;
typedef struct napi_value__ *napi_value;
typedef struct napi_callback_info__ *napi_callback_info;
typedef napi_value (*napi_callback)(napi_env env, napi_callback_info info);
typedef int napi_status;
typedef int napi_typedarray_type;
enum { napi_ok = 0, napi_uint8_array = 1 };

napi_status napi_create_array(napi_env env, napi_value *result);
napi_status napi_create_function(napi_env env, const char *name, size_t length, napi_callback callback, void *data,
                                 napi_value *result);
napi_status napi_create_int32(napi_env env, int32_t value, napi_value *result);
napi_status napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *result);
napi_status napi_get_cb_info(napi_env env, napi_callback_info info, size_t *count, napi_value *arguments,
                             napi_value *receiver, void **data);
napi_status napi_get_typedarray_info(napi_env env, napi_value array, napi_typedarray_type *type, size_t *length,
                                     void **data, napi_value *buffer, size_t *offset);
napi_status napi_get_value_bigint_uint64(napi_env env, napi_value value, uint64_t *result, bool *lossless);
napi_status napi_get_value_int32(napi_env env, napi_value value, int32_t *result);
napi_status napi_set_element(napi_env env, napi_value array, uint32_t index, napi_value value);
napi_status napi_set_named_property(napi_env env, napi_value object, const char *name, napi_value value);
napi_status napi_throw_type_error(napi_env env, const char *code, const char *message);

#define EXPORTED __attribute__((visibility("default")))
#define TO_END ((size_t)-1)

static const struct kernel *supported_kernel(int32_t wanted) {
  int32_t index = 0;
  for (const struct kernel *kernel = kernels; kernel->name != NULL; kernel++) {
    if (kernel->supported() && index++ == wanted) return kernel;
  }
  return NULL;
}

struct arguments {
  const struct kernel *kernel;
  uint8_t *initial_hash;
  uint64_t target, start;
  int32_t count;
};

static bool read_arguments(napi_env env, napi_callback_info info, struct arguments *arguments) {
  napi_value values[5];
  size_t given = 5, length;
  int32_t kernel;
  napi_typedarray_type type;
  bool target_fits, start_fits;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok || given != 5) return false;
  if (napi_get_value_int32(env, values[0], &kernel) != napi_ok) return false;
  if (napi_get_typedarray_info(env, values[1], &type, &length, (void **)&arguments->initial_hash, NULL, NULL) != napi_ok)
    return false;
  if (napi_get_value_bigint_uint64(env, values[2], &arguments->target, &target_fits) != napi_ok) return false;
  if (napi_get_value_bigint_uint64(env, values[3], &arguments->start, &start_fits) != napi_ok) return false;
  if (napi_get_value_int32(env, values[4], &arguments->count) != napi_ok) return false;
  arguments->kernel = supported_kernel(kernel);
  return arguments->kernel != NULL && type == napi_uint8_array && length == 64 && target_fits && start_fits &&
         arguments->count > 0;
}

static napi_value search(napi_env env, napi_callback_info info) {
  struct arguments arguments;
  if (!read_arguments(env, info, &arguments)) {
    napi_throw_type_error(env, NULL, "search takes a kernel, 64 bytes, two unsigned 64-bit numbers and a count");
    return NULL;
  }
  struct work work;
  prepare_work(&work, arguments.initial_hash, arguments.target);
  int64_t offset = arguments.kernel->search(&work, arguments.start, (uint32_t)arguments.count);
  napi_value result = NULL;
  napi_create_int32(env, offset < arguments.count ? (int32_t)offset : -1, &result);
  return result;
}

EXPORTED int32_t node_api_module_get_api_version_v1(void) { return 8; }

EXPORTED napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value names, name, function;
  if (napi_create_array(env, &names) != napi_ok) return NULL;
  for (int32_t index = 0; supported_kernel(index) != NULL; index++) {
    if (napi_create_string_utf8(env, supported_kernel(index)->name, TO_END, &name) != napi_ok) return NULL;
    if (napi_set_element(env, names, (uint32_t)index, name) != napi_ok) return NULL;
  }
  if (napi_set_named_property(env, exports, "kernels", names) != napi_ok) return NULL;
  if (napi_create_function(env, "search", TO_END, search, NULL, &function) != napi_ok) return NULL;
  if (napi_set_named_property(env, exports, "search", function) != napi_ok) return NULL;
  return exports;
}
