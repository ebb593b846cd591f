// Preloaded into a program: fails calls that touch files below one directory when it is told to, and writes down what they did, so
// that a script can tell what a loss of power would have left. Compiled and steered by shim.mjs. Linux and glibc only.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KIND_WRITE = 1, KIND_SYNC = 2, KIND_NAME = 4, KIND_READ = 8, KIND_OPEN = 16 };
enum { OP_OPEN = 1, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_RENAME, OP_LINK, OP_UNLINK, OP_MKDIR, OP_SYNC_DIRECTORY };

struct control {
  uint64_t calls;      // that could have been failed, since the last reset
  uint64_t fail_from;  // the first of them that fails, counted from 1; 0: none
  uint64_t fail_until; // the first that does not any more; 0: no end
  uint32_t error;
  uint32_t kinds;
  uint64_t failed;
  uint64_t operations; // written into the journal so far
  uint64_t bad_sector; // reads at that offset, less one, fail with EIO for as long as it is not 0
  uint64_t bad_inode;  // of this file
};

static struct control *control;
static int journal = -1;
static char below[PATH_MAX];
static size_t below_length;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
enum { MOST = 65536 };
static uint32_t handles[MOST]; // 0: not ours
static char is_directory[MOST];
static char *paths[MOST];
static uint32_t last_handle;

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *directory = getenv("FAULT_DIRECTORY");
  const char *control_file = getenv("FAULT_CONTROL");
  const char *journal_file = getenv("FAULT_JOURNAL");
  if (!directory || !control_file || !realpath(directory, below)) return;
  below_length = strlen(below);
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, control_file, O_RDWR | O_CLOEXEC, 0);
  if (descriptor < 0) return;
  void *memory = mmap(0, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory != MAP_FAILED) control = memory;
  syscall(SYS_close, descriptor);
  if (journal_file) journal = (int)syscall(SYS_openat, AT_FDCWD, journal_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  last_handle = (uint32_t)getpid() << 12;
}

static int is_ours(const char *path) {
  char full[PATH_MAX];
  if (!control || !path) return 0;
  if (path[0] != '/') {
    if (!getcwd(full, sizeof full)) return 0;
    size_t length = strlen(full);
    snprintf(full + length, sizeof full - length, "/%s", path);
    path = full;
  }
  return strncmp(path, below, below_length) == 0 && (path[below_length] == '/' || path[below_length] == 0);
}

static int must_fail(uint32_t kind) {
  if (!(control->kinds & kind)) return 0;
  uint64_t call = __atomic_add_fetch(&control->calls, 1, __ATOMIC_SEQ_CST);
  if (!control->fail_from || call < control->fail_from) return 0;
  if (control->fail_until && call >= control->fail_until) return 0;
  __atomic_add_fetch(&control->failed, 1, __ATOMIC_SEQ_CST);
  errno = (int)control->error;
  return 1;
}

/* op u8, handle u32, offset u64, length u32, bytes */
static void note(uint8_t operation, uint32_t handle, uint64_t offset, const void *bytes, uint32_t length) {
  if (journal < 0) return;
  unsigned char head[17];
  int before = errno;
  head[0] = operation;
  memcpy(head + 1, &handle, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &length, 4);
  struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, length}};
  syscall(SYS_writev, journal, parts, 2);
  __atomic_add_fetch(&control->operations, 1, __ATOMIC_SEQ_CST);
  errno = before;
}

static void note_paths(uint8_t operation, const char *one, const char *other) {
  char both[2 * PATH_MAX];
  int length = snprintf(both, sizeof both, "%s%c%s", one + below_length, 0, other ? other + below_length : "");
  note(operation, 0, 0, both, (uint32_t)length);
}

#define BEGIN pthread_mutex_lock(&lock)
#define END pthread_mutex_unlock(&lock)
#define OURS(fd) (control && (fd) >= 0 && (fd) < MOST && handles[fd] && is_still_a_file(fd))

/* Some are closed without our hearing of it, and sockets have their numbers then. */
static int is_still_a_file(int fd) {
  struct stat status;
  int before = errno;
  if (fstat(fd, &status) == 0 && (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))) return 1;
  handles[fd] = 0;
  errno = before;
  return 0;
}

static int opened(int fd, const char *path, int flags, int existed) {
  if (fd < 0 || fd >= MOST) return fd;
  struct stat status;
  fstat(fd, &status);
  handles[fd] = ++last_handle;
  is_directory[fd] = S_ISDIR(status.st_mode);
  free(paths[fd]);
  paths[fd] = strdup(path);
  if (is_directory[fd]) return fd;
  uint64_t what = (existed ? 0 : 1) | ((flags & O_TRUNC) ? 2 : 0);
  note(OP_OPEN, handles[fd], what, path + below_length, (uint32_t)strlen(path + below_length));
  return fd;
}

static int open_any(int directory, const char *path, int flags, mode_t mode) {
  if (!is_ours(path) || path[0] != '/') {
    int other = (int)syscall(SYS_openat, directory, path, flags, mode);
    if (other >= 0 && other < MOST) handles[other] = 0;
    return other;
  }
  struct stat status;
  int existed = stat(path, &status) == 0;
  BEGIN;
  int fd = -1;
  int fails = must_fail(KIND_OPEN) || (!existed && (flags & O_CREAT) && must_fail(KIND_NAME)) ||
              ((control->error == EROFS) && (flags & (O_WRONLY | O_RDWR | O_CREAT)) && must_fail(KIND_NAME));
  if (!fails) fd = opened((int)syscall(SYS_openat, directory, path, flags, mode), path, flags, existed);
  END;
  return fd;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
int open(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int directory, const char *path, int flags, ...) { MODE return open_any(directory, path, flags, mode); }
int openat64(int directory, const char *path, int flags, ...) { MODE return open_any(directory, path, flags | O_LARGEFILE, mode); }

int close(int fd) {
  REAL(close);
  if (OURS(fd)) handles[fd] = 0;
  return real(fd);
}

static uint64_t position(int fd) {
  int flags = fcntl(fd, F_GETFL);
  struct stat status;
  if ((flags & O_APPEND) && fstat(fd, &status) == 0) return (uint64_t)status.st_size;
  return (uint64_t)lseek(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(write);
  if (!OURS(fd)) return real(fd, bytes, count);
  BEGIN;
  ssize_t result = -1;
  if (!must_fail(KIND_WRITE)) {
    uint64_t at = position(fd);
    result = real(fd, bytes, count);
    if (result > 0) note(OP_WRITE, handles[fd], at, bytes, (uint32_t)result);
  }
  END;
  return result;
}

static ssize_t write_at(int fd, const void *bytes, size_t count, off_t offset) {
  BEGIN;
  ssize_t result = -1;
  if (!must_fail(KIND_WRITE)) {
    result = (ssize_t)syscall(SYS_pwrite64, fd, bytes, count, offset);
    if (result > 0) note(OP_WRITE, handles[fd], (uint64_t)offset, bytes, (uint32_t)result);
  }
  END;
  return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  return OURS(fd) ? write_at(fd, bytes, count, offset) : (ssize_t)syscall(SYS_pwrite64, fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) { return pwrite(fd, bytes, count, offset); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  if (!OURS(fd)) return real(fd, parts, count);
  ssize_t sum = 0;
  for (int index = 0; index < count; index++) {
    ssize_t result = write(fd, parts[index].iov_base, parts[index].iov_len);
    if (result < 0) return sum > 0 ? sum : result;
    sum += result;
  }
  return sum;
}

ssize_t read(int fd, void *bytes, size_t count) {
  REAL(read);
  if (OURS(fd) && !is_directory[fd] && must_fail(KIND_READ)) return -1;
  return real(fd, bytes, count);
}
static int is_bad(int fd, size_t count, off_t offset) {
  uint64_t bad = control->bad_sector;
  if (!bad || (uint64_t)offset > bad - 1 || (uint64_t)offset + count <= bad - 1) return 0;
  struct stat status;
  if (fstat(fd, &status) != 0 || status.st_ino != control->bad_inode) return 0;
  errno = EIO;
  return 1;
}
ssize_t pread(int fd, void *bytes, size_t count, off_t offset) {
  if (OURS(fd) && (is_bad(fd, count, offset) || must_fail(KIND_READ))) return -1;
  return (ssize_t)syscall(SYS_pread64, fd, bytes, count, offset);
}
ssize_t pread64(int fd, void *bytes, size_t count, off64_t offset) { return pread(fd, bytes, count, offset); }

int ftruncate(int fd, off_t length) {
  if (!OURS(fd)) return (int)syscall(SYS_ftruncate, fd, length);
  BEGIN;
  int result = -1;
  if (!must_fail(KIND_WRITE)) {
    result = (int)syscall(SYS_ftruncate, fd, length);
    if (result == 0) note(OP_TRUNCATE, handles[fd], (uint64_t)length, "", 0);
  }
  END;
  return result;
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }
int posix_fallocate(int fd, off_t offset, off_t length) {
  REAL(posix_fallocate);
  if (OURS(fd) && must_fail(KIND_WRITE)) return (int)control->error;
  return real(fd, offset, length);
}

static int sync_any(int fd, long call) {
  if (!OURS(fd)) return (int)syscall(call, fd);
  BEGIN;
  int result = -1;
  if (!must_fail(KIND_SYNC)) {
    result = (int)syscall(call, fd);
    if (result == 0 && is_directory[fd]) note_paths(OP_SYNC_DIRECTORY, paths[fd], 0);
    else if (result == 0) note(OP_SYNC, handles[fd], 0, "", 0);
  }
  END;
  return result;
}
int fsync(int fd) { return sync_any(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_any(fd, SYS_fdatasync); }

#define NAMES(name, operation, kind, one, other, parameters, arguments) \
  int name parameters { \
    REAL(name); \
    if (!is_ours(one)) return real arguments; \
    BEGIN; \
    int result = -1; \
    if (!must_fail(kind)) { \
      result = real arguments; \
      if (result == 0) note_paths(operation, one, other); \
    } \
    END; \
    return result; \
  }
NAMES(rename, OP_RENAME, KIND_NAME, from, to, (const char *from, const char *to), (from, to))
NAMES(link, OP_LINK, KIND_NAME, from, to, (const char *from, const char *to), (from, to))
NAMES(mkdir, OP_MKDIR, KIND_NAME, path, (const char *)0, (const char *path, mode_t mode), (path, mode))
// Removing needs no room, but cannot be done on a file system that is read-only or broken.
#define KIND_REMOVE (control->error == ENOSPC ? 0 : KIND_NAME)
NAMES(unlink, OP_UNLINK, KIND_REMOVE, path, (const char *)0, (const char *path), (path))
NAMES(rmdir, OP_UNLINK, KIND_REMOVE, path, (const char *)0, (const char *path), (path))
