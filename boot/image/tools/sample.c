/* Samples of a disk: marked before it is erased, looked for afterwards. The marks are Farrier's own, so that the record of
 * an erasure holds no hash of anybody's data. */
#include "erase.h"

#include <bearssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { samples = 16, block = 4096 };

static uint64_t draw(uint64_t *s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  return *s ^= *s << 17;
}

static uint64_t number_of(const char *seed) {
  uint64_t hash = 14695981039346656037ULL;
  for (; *seed; seed++) hash = (hash ^ (unsigned char)*seed) * 1099511628211ULL;
  return hash | 1;
}

static uint64_t place(int fd, const char *seed, int index) {
  uint64_t blocks = size_of(fd) / block, s = number_of(seed);
  if (index == 0) return 0;
  if (index == samples - 1) return (blocks - 1) * block;
  for (int i = 0; i < index; i++) draw(&s);
  return draw(&s) % blocks * block;
}

/* Words that a person finds in a hex dump, then noise that no compression makes smaller. */
static void fill(unsigned char *mark, const char *seed, uint64_t at) {
  uint64_t s = (number_of(seed) ^ at * 0x9e3779b97f4a7c15ULL) | 1;
  for (int i = 0; i < block; i += 8) {
    uint64_t word = draw(&s);
    memcpy(mark + i, &word, 8);
  }
  memset(mark, 0, 128);
  snprintf((char *)mark, 128, "FARRIER ERASE %.64s %llu\n", seed, (unsigned long long)at);
}

static void print_hash(const unsigned char *data) {
  unsigned char sum[br_sha256_SIZE];
  br_sha256_context context;
  br_sha256_init(&context);
  br_sha256_update(&context, data, block);
  br_sha256_out(&context, sum);
  for (int i = 0; i < 8; i++) printf("%02x", sum[i]);
}

static unsigned char *buffers(void) {
  void *memory;
  return posix_memalign(&memory, block, 2 * block) ? NULL : memory;
}

int mark_samples(int fd, const char *seed) {
  unsigned char *mark = buffers(), *found = mark + block;
  if (!mark || size_of(fd) < samples * block) return refuse("it has no size");
  for (int i = 0; i < samples; i++) {
    uint64_t at = place(fd, seed, i);
    fill(mark, seed, at);
    if (pwrite(fd, mark, block, (off_t)at) != block)
      return refuse("it cannot be written at byte %llu: %m", (unsigned long long)at);
  }
  if (fsync(fd)) return refuse("it cannot be flushed: %m");
  for (int i = 0; i < samples; i++) {
    uint64_t at = place(fd, seed, i);
    fill(mark, seed, at);
    if (pread(fd, found, block, (off_t)at) != block || memcmp(mark, found, block))
      return refuse("what was written at byte %llu does not read back", (unsigned long long)at);
  }
  return 0;
}

int check_samples(int fd, const char *seed) {
  static const unsigned char zeros[block];
  unsigned char *mark = buffers(), *found = mark + block;
  int survived = 0, blank = 0;
  if (!mark || size_of(fd) < samples * block) return refuse("it has no size");
  printf("blocks=");
  for (int i = 0; i < samples; i++) {
    uint64_t at = place(fd, seed, i);
    fill(mark, seed, at);
    if (pread(fd, found, block, (off_t)at) != block)
      return refuse("it cannot be read at byte %llu: %m", (unsigned long long)at);
    survived += !memcmp(mark, found, block);
    blank += !memcmp(zeros, found, block);
    printf("%s%llu:", i ? "," : "", (unsigned long long)at);
    print_hash(mark);
    putchar(':');
    print_hash(found);
  }
  printf(" sampled=%d survived=%d blank=%d\n", samples, survived, blank);
  return 0;
}
