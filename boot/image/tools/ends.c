/* The ends of a disk: where whoever partitions, formats or joins disks to an array leaves what it is known by. The last
 * byte counts: backup GPT, DDF, IMSM and md 1.0 lie behind the last whole MiB of most disks. */
#include "erase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 8 MiB at each end: the second header of LUKS2 begins at 4 MiB at most, and may be as long. */
enum { piece = 64 * 1024, sector = 512, reach = 8 << 20 };

/* Superblocks that are written a second time far from both ends; their magic is 64 bytes into them (btrfs). */
static const uint64_t copies[] = {64ULL << 20, 256ULL << 30, 1ULL << 50};
enum { copy_bytes = 4096, magic_at = 64 };
static const char copy_magic[] = "_BHRfS_M";

static uint64_t end_of_head(uint64_t size) { return size < reach ? size : reach; }

static uint64_t start_of_tail(uint64_t size) {
  /* Whole blocks of 4 KiB, as a disk with such blocks is read directly in no other. */
  uint64_t start = size < 2ULL * reach ? end_of_head(size) : size - reach;
  return start / 4096 * 4096 < end_of_head(size) ? end_of_head(size) : start / 4096 * 4096;
}

static void *buffer(void) {
  void *memory;
  return posix_memalign(&memory, 4096, piece) ? NULL : memory;
}

/* Reads all of it, or says why not. */
static int read_all(int fd, unsigned char *to, size_t count, uint64_t at) {
  for (size_t done = 0; done < count;) {
    ssize_t got = pread(fd, to + done, count - done, (off_t)(at + done));
    if (got < 0) return refuse("it cannot be read at byte %llu: %m", (unsigned long long)(at + done));
    if (got == 0) return refuse("it ends at byte %llu, before its size", (unsigned long long)(at + done));
    done += (size_t)got;
  }
  return 0;
}

/* Whether all bytes from one to another are alike, and zeros or ones: what erased flash and overwritten disks show. */
static int look_at(int fd, uint64_t from, uint64_t to, unsigned char *data, int *uniform) {
  for (uint64_t at = from; at < to; at += piece) {
    size_t count = to - at < piece ? (size_t)(to - at) : piece;
    if (read_all(fd, data, count, at)) return 1;
    if ((data[0] != 0 && data[0] != 0xff) || memcmp(data, data + 1, count - 1)) return *uniform = 0, 0;
    if (at == from) *uniform = data[0] ? 2 : 1;
    else if (*uniform != (data[0] ? 2 : 1)) return *uniform = 0, 0;
  }
  return 0;
}

static int has_copy(int fd, uint64_t size, unsigned char *data, int *found) {
  for (size_t i = 0; i < sizeof copies / sizeof *copies && copies[i] + copy_bytes <= size; i++) {
    if (read_all(fd, data, copy_bytes, copies[i])) return 1;
    *found |= !memcmp(data + magic_at, copy_magic, sizeof copy_magic - 1);
  }
  return 0;
}

static int has_text(int fd, uint64_t at, const char *text, unsigned char *data, int *found) {
  if (read_all(fd, data, 4096, at / 4096 * 4096)) return 1;
  *found |= !memcmp(data + at % 4096, text, strlen(text));
  return 0;
}

/* The tables that libblkid passes over when the other half of them is gone. */
static const char *table_of(int fd, uint64_t size, unsigned char *data) {
  int gpt = 0, dos = 0;
  const uint64_t places[] = {512, 4096};
  for (int i = 0; i < 2; i++) {
    if (size < 2 * 4096 || has_text(fd, places[i], "EFI PART", data, &gpt)) return NULL;
    unsigned char *last = data;
    uint64_t at = size - places[i];
    if (read_all(fd, last, (size_t)places[i], at)) return NULL;
    gpt |= !memcmp(last, "EFI PART", 8);
  }
  if (has_text(fd, 510, "\x55\xaa", data, &dos)) return NULL;
  return gpt ? "gpt" : dos ? "dos" : "used";
}

/* Prints `blank`, or what is there by its table: `gpt`, `dos`, `btrfs`, `used` for anything else. */
int look_at_ends(int fd, uint64_t told) {
  uint64_t size = size_of(fd);
  unsigned char *data = buffer();
  int head = 1, tail = 1, copy = 0;
  if (!data || size < 2 * 4096) return refuse("it has no size");
  if (told > size) return refuse("it ends at byte %llu, before its size", (unsigned long long)size);
  if (look_at(fd, 0, end_of_head(size), data, &head)) return 1;
  if (start_of_tail(size) < size && look_at(fd, start_of_tail(size), size, data, &tail)) return 1;
  if (has_copy(fd, size, data, &copy)) return 1;
  const char *found = head && tail ? copy ? "btrfs" : "blank" : table_of(fd, size, data);
  return found ? puts(found) < 0 : 1;
}

/* Zeros at both ends to the last byte, and where second superblocks are. */
int zero_ends(int fd) {
  uint64_t size = size_of(fd);
  unsigned char *data = buffer();
  if (!data || size < 2 * 4096) return refuse("it has no size");
  if (write_zeros(fd, 0, end_of_head(size), 0) || write_zeros(fd, start_of_tail(size), size, 0)) return 1;
  for (size_t i = 0; i < sizeof copies / sizeof *copies && copies[i] + copy_bytes <= size; i++) {
    if (read_all(fd, data, copy_bytes, copies[i])) return 1;
    if (memcmp(data + magic_at, copy_magic, sizeof copy_magic - 1)) continue;
    if (write_zeros(fd, copies[i], copies[i] + copy_bytes, 0)) return 1;
  }
  return 0;
}
