/* crypt: opens a partition with dm-crypt (plain, aes-xts-plain64), the key on standard input: 64 raw bytes.
 *   crypt open NAME DEVICE DISK    prints the device node of the opened volume
 *   crypt close NAME
 * Talks to the kernel's device mapper itself: the key is in no argument, and dmsetup with its libraries is not needed.
 */
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* The other half of the key: the sector behind the disk's mark. Deleted variables stay in a firmware's flash until it
 * tidies up, so what the machine keeps is worth nothing without this half, which an erase overwrites. Zeros on disks of
 * before it. */
enum { key_bytes = 64, half_at = 1025 * 512 };
struct request { struct dm_ioctl head; struct dm_target_spec target; char parameters[512]; };

static struct request blank(const char *name) {
  struct request r;
  memset(&r, 0, sizeof r);
  r.head.version[0] = DM_VERSION_MAJOR;
  r.head.data_size = sizeof r;
  r.head.data_start = sizeof r.head;
  /* Makes the kernel wipe its copy of what we send: the table holds the key. */
  r.head.flags = DM_SECURE_DATA_FLAG;
  snprintf(r.head.name, sizeof r.head.name, "%s", name);
  return r;
}

static int control(void) {
  int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
  if (fd >= 0) return fd;
  /* A small /dev has the node's number in sysfs only. */
  unsigned major_number = 10, minor_number = 236;
  FILE *file = fopen("/sys/class/misc/device-mapper/dev", "r");
  if (file) {
    if (fscanf(file, "%u:%u", &major_number, &minor_number) != 2) minor_number = 236;
    fclose(file);
  }
  mkdir("/dev/mapper", 0700);
  mknod("/dev/mapper/control", S_IFCHR | 0600, makedev(major_number, minor_number));
  return open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
}

static int read_key(char *hex, const char *disk) {
  unsigned char key[key_bytes], half[key_bytes];
  int fd = open(disk, O_RDONLY | O_CLOEXEC);
  ssize_t got = fd < 0 ? -1 : pread(fd, half, sizeof half, half_at);
  if (fd >= 0) close(fd);
  if (got != sizeof half) return fprintf(stderr, "%s: the disk's half of the key cannot be read\n", disk), -1;
  size_t n = fread(key, 1, sizeof key, stdin);
  if (n != sizeof key) return fprintf(stderr, "the key has %zu bytes instead of %d\n", n, key_bytes), -1;
  for (size_t i = 0; i < sizeof key; i++) sprintf(hex + 2 * i, "%02x", key[i] ^ half[i]);
  explicit_bzero(key, sizeof key);
  explicit_bzero(half, sizeof half);
  return 0;
}

static int fail(const char *what) { perror(what); return 1; }

static int open_volume(int dm, const char *name, const char *device, const char *whole) {
  uint64_t bytes = 0;
  struct stat node;
  char hex[2 * key_bytes + 1] = "";
  int disk = open(device, O_RDWR | O_CLOEXEC);
  if (disk < 0 || ioctl(disk, BLKGETSIZE64, &bytes) || fstat(disk, &node)) return fail(device);
  close(disk);
  if (read_key(hex, whole)) return 1;

  struct request r = blank(name);
  if (ioctl(dm, DM_DEV_CREATE, &r)) return fail("device mapper: create");
  unsigned number = minor(r.head.dev);
  r = blank(name);
  r.head.target_count = 1;
  r.target.length = bytes / 512;
  strcpy(r.target.target_type, "crypt");
  snprintf(r.parameters, sizeof r.parameters, "aes-xts-plain64 %s 0 %u:%u 0 1 allow_discards", hex,
           major(node.st_rdev), minor(node.st_rdev));
  int bad = ioctl(dm, DM_TABLE_LOAD, &r);
  explicit_bzero(&r, sizeof r);
  explicit_bzero(hex, sizeof hex);
  if (bad) {
    fail("device mapper: the kernel takes no crypt table");
    r = blank(name);
    ioctl(dm, DM_DEV_REMOVE, &r);
    return 1;
  }
  r = blank(name);
  if (ioctl(dm, DM_DEV_SUSPEND, &r)) return fail("device mapper: resume");
  printf("/dev/dm-%u\n", number);
  return 0;
}

int main(int count, char **words) {
  int opening = count == 5 && !strcmp(words[1], "open");
  if (!opening && !(count == 3 && !strcmp(words[1], "close")))
    return fputs("usage: crypt open NAME DEVICE DISK | crypt close NAME\n", stderr), 2;
  int dm = control();
  if (dm < 0) return fail("/dev/mapper/control");
  if (opening) return open_volume(dm, words[2], words[3], words[4]);
  struct request r = blank(words[2]);
  return ioctl(dm, DM_DEV_REMOVE, &r) ? fail("device mapper: remove") : 0;
}
