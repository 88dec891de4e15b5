/* erase: makes what a disk holds unreadable, and shows that it is.
 *   erase can METHOD DEVICE        0 when the disk can be erased this way; touches nothing
 *   erase mark DEVICE SEED         writes marked blocks to sixteen places, to be looked for afterwards
 *   erase do METHOD DEVICE         erases; `progress N` lines, then `words …`, what the disk itself said
 *   erase zero DEVICE FROM TO      writes zeros from one byte to the other
 *   erase check DEVICE SEED        what is at the sixteen places now, as fields of a record
 *   erase look DEVICE BYTES        `blank` when both ends hold nothing, to the last of that many bytes; else what they show
 *   erase ends DEVICE              writes zeros to both ends
 * METHOD: nvme-sanitize, nvme-format, ata-secure-erase, overwrite. Exit 1: refused or failed, the reason is on standard
 * error. A method is done or refused, never replaced by another. The command that erases is sent once.
 */
#include "erase.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int refuse(const char *reason, ...) {
  va_list words;
  va_start(words, reason);
  vfprintf(stderr, reason, words);
  va_end(words);
  return fputc('\n', stderr), 1;
}

void tell_progress(double share) {
  printf("progress %d\n", share > 0.99 ? 99 : (int)(share * 100));
  fflush(stdout);
}

void tell_words(const char *format, ...) {
  va_list words;
  va_start(words, format);
  fputs("words ", stdout);
  vprintf(format, words);
  va_end(words);
  putchar('\n');
}

uint64_t size_of(int fd) {
  off_t end = lseek(fd, 0, SEEK_END);
  return end < 0 ? 0 : (uint64_t)end;
}

int write_zeros(int fd, uint64_t from, uint64_t to, int telling) {
  enum { piece = 1 << 20 };
  void *zeros = mmap(NULL, piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (zeros == MAP_FAILED) return refuse("there is no memory to write from");
  int told = -1;
  for (uint64_t at = from; at < to;) {
    size_t count = to - at < piece ? (size_t)(to - at) : piece;
    if (pwrite(fd, zeros, count, (off_t)at) != (ssize_t)count)
      return refuse("it cannot be written at byte %llu: %m", (unsigned long long)at);
    at += count;
    if (telling && (int)(at * 100 / to) != told) tell_progress((double)at / (double)to), told = (int)(at * 100 / to);
  }
  munmap(zeros, piece);
  return fsync(fd) ? refuse("it cannot be flushed: %m") : 0;
}

static int can_overwrite(int fd) {
  int locked = 0;
  if (!ioctl(fd, BLKROGET, &locked) && locked) return refuse("it is read-only");
  return size_of(fd) < 1 << 20 ? refuse("it has no size") : 0;
}

static int overwrite(int fd) {
  if (write_zeros(fd, 0, size_of(fd), 1)) return 1;
  tell_words("%llu bytes of zeros written", (unsigned long long)size_of(fd));
  return 0;
}

static const struct method overwriting = {"overwrite", can_overwrite, overwrite};
static const struct method *const methods[] = {&nvme_sanitize, &nvme_format, &ata_secure_erase, &overwriting};

static const struct method *method_of(const char *name) {
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (!strcmp(methods[i]->name, name)) return methods[i];
  return NULL;
}

/* Directly, past the page cache: what is read back afterwards shall come from the disk. */
static int open_disk(const char *path, int how) {
  int fd = open(path, how | O_DIRECT | O_CLOEXEC);
  if (fd < 0) fd = open(path, how | O_CLOEXEC);
  if (fd >= 0) ioctl(fd, BLKFLSBUF, 0);
  return fd;
}

/* A disk that anything else uses (mounted, opened by crypt) is not opened for writing. */
enum { reading = O_RDONLY, writing = O_RDWR | O_EXCL };

int main(int count, char **words) {
  const char *what = count > 1 ? words[1] : "";
  const struct method *method = count == 4 ? method_of(words[2]) : NULL;
  int by_method = method && (!strcmp(what, "can") || !strcmp(what, "do"));
  int by_seed = count == 4 && (!strcmp(what, "mark") || !strcmp(what, "check"));
  int zero = count == 5 && !strcmp(what, "zero");
  int look = count == 4 && !strcmp(what, "look"), ends = count == 3 && !strcmp(what, "ends");
  if (!by_method && !by_seed && !zero && !look && !ends)
    return fputs("usage: erase can|do METHOD DEVICE | mark|check DEVICE SEED | zero DEVICE FROM TO | look DEVICE BYTES |"
                 " ends DEVICE\n", stderr), 2;
  const char *path = by_method ? words[3] : words[2];
  int fd = open_disk(path, look || !strcmp(what, "can") || !strcmp(what, "check") ? reading : writing);
  if (fd < 0) return refuse("it cannot be opened: %m");
  if (look) return look_at_ends(fd, strtoull(words[3], NULL, 10));
  if (ends) return zero_ends(fd);
  if (zero) return write_zeros(fd, strtoull(words[3], NULL, 10), strtoull(words[4], NULL, 10), 0);
  if (by_seed) return *what == 'm' ? mark_samples(fd, words[3]) : check_samples(fd, words[3]);
  if (can_overwrite(fd) || method->can(fd)) return 1;
  return *what == 'c' ? 0 : method->erase(fd);
}
