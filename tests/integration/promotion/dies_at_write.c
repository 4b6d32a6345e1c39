/* Preloaded: kills the process at its Nth change of a file, before it, or after half of the bytes are written. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

static long left;
static int half;

void arm(long number, int in_the_middle) { left = number; half = in_the_middle; }

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
static int now(void) { return left && !--left; }
static void die(void) { raise(SIGKILL); }

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  if (now()) { if (half) REAL(pwrite64)(fd, bytes, size / 2, at); die(); }
  return REAL(pwrite64)(fd, bytes, size, at);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  if (now()) { if (half) REAL(pwrite)(fd, bytes, size / 2, at); die(); }
  return REAL(pwrite)(fd, bytes, size, at);
}
ssize_t write(int fd, const void *bytes, size_t size) {
  if (now()) { if (half) REAL(write)(fd, bytes, size / 2); die(); }
  return REAL(write)(fd, bytes, size);
}
int ftruncate64(int fd, off64_t size) { if (now()) die(); return REAL(ftruncate64)(fd, size); }
int ftruncate(int fd, off_t size) { if (now()) die(); return REAL(ftruncate)(fd, size); }
int fsync(int fd) { if (now()) die(); return REAL(fsync)(fd); }
int fdatasync(int fd) { if (now()) die(); return REAL(fdatasync)(fd); }
int unlink(const char *path) { if (now()) die(); return REAL(unlink)(path); }
