/* probe: the burn-in's own small tests. Each prints `part` records of docs/agent.md and exits 0 when all passed.
 *   probe cpu SECONDS            one pinned process a CPU computes the same thing over and over; a differing result fails
 *   probe memory SECONDS MIB     patterns over that much memory, and the bandwidth of reading it
 *   probe disk DEVICE SERIAL SECONDS   reads only: sequentially, then 4 KiB at random places
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t step(uint64_t *s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  return *s ^= *s << 17;
}

static void part(const char *kind, const char *subject, const char *device, int ok, double value, const char *unit,
                 double seconds, const char *message) {
  printf("part kind=%s subject=%s device=%s ok=%d", kind, subject, device, ok);
  if (unit) printf(" value=%.2f unit=%s", value, unit);
  printf(" seconds=%.2f", seconds);
  if (message) printf(" message=%s", message);
  putchar('\n');
  fflush(stdout);
}

/* Integer, multiply-divide and floating point work whose result is the same on every sound CPU. */
static volatile uint64_t seed = 88172645463325252ULL;
static uint64_t work(void) {
  uint64_t s = seed, sum = 0;
  double x = 1.5;
  for (int i = 0; i < 200000; i++) {
    sum += step(&s) / ((s & 0xffff) + 1);
    x = x * 1.0000001 + 1.0 / (double)((s & 1023) + 1);
  }
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return sum ^ bits;
}

static int cpu(double seconds) {
  int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), bad = 0, pipes[2];
  struct result { int cpu, ok; double rate; } r;
  if (pipe(pipes)) return 1;
  double start = now(), total = 0;
  for (int i = 0; i < cpus; i++) {
    if (fork()) continue;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(i, &set);
    sched_setaffinity(0, sizeof set, &set);
    volatile uint64_t first = work();
    long rounds = 1;
    r = (struct result){i, 1, 0};
    for (; now() - start < seconds && r.ok; rounds++) r.ok = work() == first;
    r.rate = (double)rounds * 0.2 / (now() - start);
    _exit(write(pipes[1], &r, sizeof r) == sizeof r ? 0 : 1);
  }
  close(pipes[1]);
  int heard = 0;
  while (read(pipes[0], &r, sizeof r) == sizeof r) {
    char name[16];
    snprintf(name, sizeof name, "cpu%d", r.cpu);
    heard++;
    total += r.rate;
    if (!r.ok) part("stress", "cpu", name, 0, 0, NULL, now() - start, "a%20computation%20gave%20two%20results"), bad++;
  }
  while (wait(NULL) > 0) {}
  if (heard < cpus) part("stress", "cpu", "cpu", 0, 0, NULL, now() - start, "a%20test%20process%20died"), bad++;
  if (!bad) part("stress", "cpu", "cpu", 1, 0, NULL, now() - start, NULL);
  part("benchmark", "cpu", "cpu", !bad, total, "Mops/s", now() - start, NULL);
  return bad > 0;
}

/* The physical address behind a word, for finding the DIMM; 0 when the kernel does not tell. */
static uint64_t physical(const void *at) {
  uint64_t entry = 0;
  int map = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (map < 0) return 0;
  if (pread(map, &entry, 8, (off_t)((uintptr_t)at / 4096 * 8)) != 8) entry = 0;
  close(map);
  return (entry & ((1ULL << 55) - 1)) * 4096 + (uintptr_t)at % 4096;
}

static volatile uint64_t *sweep(volatile uint64_t *m, size_t words, uint64_t seed, int pattern) {
  static const uint64_t fixed[] = {0, ~0ULL, 0x5555555555555555ULL, 0xaaaaaaaaaaaaaaaaULL};
  uint64_t s = seed;
  for (size_t i = 0; i < words; i++) m[i] = pattern < 4 ? fixed[pattern] : pattern == 4 ? i * 8 : step(&s);
  s = seed;
  for (size_t i = 0; i < words; i++)
    if (m[i] != (pattern < 4 ? fixed[pattern] : pattern == 4 ? i * 8 : step(&s))) return m + i;
  return NULL;
}

static int memory(double seconds, size_t mib) {
  size_t bytes = mib << 20, words = bytes / 8;
  uint64_t *m = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (m == MAP_FAILED) return part("stress", "memory", "memory", 0, 0, NULL, 0, "it%20cannot%20be%20allocated"), 1;
  double start = now();
  volatile uint64_t *bad = NULL;
  for (int pattern = 0; !bad; pattern = (pattern + 1) % 6) {
    /* In pieces, so that the time limit holds on a machine with a terabyte. */
    for (size_t at = 0; at < words && !bad && now() - start < seconds; at += 1 << 20)
      bad = sweep(m + at, words - at < 1 << 20 ? words - at : 1 << 20, 0x9e3779b97f4a7c15ULL + at, pattern);
    if (now() - start >= seconds) break;
  }
  char message[64] = "";
  if (bad) snprintf(message, sizeof message, "a%%20word%%20changed%%20at%%200x%llx", (unsigned long long)physical((void *)bad));
  part("stress", "memory", "memory", !bad, 0, NULL, now() - start, bad ? message : NULL);
  double began = now();
  uint64_t sum = 0;
  size_t read_mib = 0;
  while (now() - began < 1) {
    __asm__ volatile("" ::: "memory");
    for (size_t i = 0; i < words && i < 8 << 17; i += 8) sum += m[i] + m[i + 1] + m[i + 2] + m[i + 3] + m[i + 4] + m[i + 5] + m[i + 6] + m[i + 7];
    read_mib += (words < 8 << 17 ? words : 8 << 17) / (1 << 17);
  }
  m[0] = sum;
  part("benchmark", "memory", "memory", 1, (double)read_mib / (now() - began), "MiB/s", now() - began, NULL);
  return bad != NULL;
}

static int read_at(int fd, void *buffer, size_t n, uint64_t at, const char *device, const char *kind, double start) {
  if (pread(fd, buffer, n, (off_t)at) == (ssize_t)n) return 0;
  char message[64];
  snprintf(message, sizeof message, "read%%20error%%20at%%20byte%%20%llu", (unsigned long long)at);
  part(kind, "disk", device, 0, 0, NULL, now() - start, message);
  return 1;
}

static int disk(const char *path, const char *name, double seconds) {
  enum { block = 1 << 20, small = 4096 };
  uint64_t bytes = 0, at = 0, done = 0, s = 88172645463325252ULL;
  void *buffer;
  int fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
  double start = now();
  if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes) || bytes < block || posix_memalign(&buffer, 4096, block))
    return part("stress", "disk", name, 0, 0, NULL, 0, "it%20cannot%20be%20opened"), 1;
  /* Eight stretches spread over the disk: outer tracks alone would flatter it. */
  for (; now() - start < seconds / 2; done += block) {
    uint64_t stretch = done / block % 8 * (bytes / 8 / block * block);
    at = stretch + done / block / 8 * block;
    if (at + block > bytes) break;
    if (read_at(fd, buffer, block, at, name, "stress", start)) return 1;
  }
  double took = now() - start;
  part("stress", "disk", name, 1, (double)done / took / block, "MiB/s", took, NULL);
  double began = now();
  long count = 0;
  for (; now() - began < seconds / 2; count++)
    if (read_at(fd, buffer, small, step(&s) % (bytes / small) * small, name, "benchmark", began)) return 1;
  part("benchmark", "disk", name, 1, (double)count / (now() - began), "reads/s", now() - began, NULL);
  return 0;
}

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "cpu")) return cpu(atof(words[2]));
  if (count == 4 && !strcmp(words[1], "memory") && atoi(words[3]) > 0) return memory(atof(words[2]), (size_t)atoi(words[3]));
  if (count == 5 && !strcmp(words[1], "disk")) return disk(words[2], words[3], atof(words[4]));
  return fputs("usage: probe cpu SECONDS | probe memory SECONDS MIB | probe disk DEVICE SERIAL SECONDS\n", stderr), 2;
}
