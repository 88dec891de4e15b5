/* What the parts of erase share. */
#include <stddef.h>
#include <stdint.h>

/* One way of erasing. Both print on standard error why not, and return 0 when all is well. */
struct method {
  const char *name;
  /* Whether this disk can be erased this way; touches nothing. */
  int (*can)(int fd);
  /* Does it, once, and waits for its end. Tells its progress, and at the end the disk's own words. */
  int (*erase)(int fd);
};
extern const struct method nvme_sanitize, nvme_format, ata_secure_erase;

int refuse(const char *reason, ...) __attribute__((format(printf, 1, 2)));
void tell_progress(double share);
void tell_words(const char *words, ...) __attribute__((format(printf, 1, 2)));
uint64_t size_of(int fd);
int write_zeros(int fd, uint64_t from, uint64_t to, int telling);

/* Samples: blocks of 4 KiB, the first, the last and others that follow from the seed. */
int mark_samples(int fd, const char *seed);
int check_samples(int fd, const char *seed);

/* The ends of a disk, where what it was used for shows; `told` is the size that the kernel tells. */
int look_at_ends(int fd, uint64_t told);
int zero_ends(int fd);
