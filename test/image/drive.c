/* A drive in a file, for testing `erase` without one to lose: linked in by --wrap=ioctl, it answers as the NVMe base
 * specification 1.4 and ACS-3 say, and writes each command that changes something to the file named by DRIVE_LOG.
 * DRIVE: words of what it is: nvme format crypto-format sanitize-block sanitize-crypto shared other-namespace protected
 *        going failing | ata secure frozen locked enhanced stubborn */
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int __real_ioctl(int fd, int request, ...);

static int is(const char *word) {
  const char *all = getenv("DRIVE"), *at = all ? strstr(all, word) : NULL;
  size_t n = strlen(word);
  for (; at; at = strstr(at + 1, word))
    if ((at == all || at[-1] == ' ') && (!at[n] || at[n] == ' ')) return 1;
  return 0;
}

static void note(const char *words, unsigned a, unsigned b) {
  FILE *log = fopen(getenv("DRIVE_LOG"), "a");
  fprintf(log, "%s %x %x\n", words, a, b);
  fclose(log);
}

static void forget(int fd) {
  static char zeros[1 << 16] __attribute__((aligned(4096)));
  off_t size = lseek(fd, 0, SEEK_END);
  for (off_t at = 0; at < size; at += sizeof zeros) pwrite(fd, zeros, sizeof zeros, at);
}

static int polls = -1;

static int nvme(int fd, struct nvme_admin_cmd *c) {
  unsigned char *data = (unsigned char *)(uintptr_t)c->addr;
  if (data) memset(data, 0, c->data_len);
  switch (c->opcode) {
    case 0x06:
      if (c->cdw10 == 1) {
        data[256] = is("format") ? 2 : 0;
        data[524] = (is("shared") ? 1 : 0) | (is("crypto-format") ? 4 : 0);
        data[328] = (is("sanitize-crypto") ? 1 : 0) | (is("sanitize-block") ? 2 : 0);
      }
      if (c->cdw10 == 0) data[26] = 0x11, data[29] = 0x9, data[99] = is("protected");
      if (c->cdw10 == 2) data[0] = 3, data[4] = is("other-namespace") ? 7 : 0;
      return 0;
    case 0x80:
      note("format", c->nsid, c->cdw10);
      forget(fd);
      return 0;
    case 0x84:
      note("sanitize", c->nsid, c->cdw10);
      if (!(is("sanitize-block") && (c->cdw10 & 7) == 2) && !(is("sanitize-crypto") && (c->cdw10 & 7) == 4)) return 0x4002;
      polls = 2;
      forget(fd);
      return 0;
    case 0x02: {
      if (is("going") && polls < 0) polls = 2;
      int running = polls > 0;
      if (polls > 0) polls--;
      data[0] = 0, data[1] = running ? 0x40 : 0xff;
      data[2] = running ? 2 : is("failing") && !polls ? 3 : polls < 0 ? 0 : 1;
      data[4] = is("sanitize-block") ? 2 : 4;
      return 0;
    }
  }
  return 0x4001;
}

static int secured, prepared;

static int ata(int fd, struct sg_io_hdr *io) {
  const unsigned char *cdb = io->cmdp;
  unsigned char *data = io->dxferp;
  if (cdb[0] != 0x85 || !is("ata")) return io->status = 2, 0;
  if (cdb[1] >> 1 != 3 && (cdb[6] != 1 || io->dxfer_len != 512)) return io->status = 2, 0;
  int locked = is("locked") && !prepared;
  switch (cdb[14]) {
    case 0xec:
      memset(data, 0, 512);
      data[164] = is("secure") ? 2 : 0;
      data[256] = (is("secure") ? 1 : 0) | (secured || locked ? 2 : 0) | (locked ? 4 : 0) | (is("frozen") ? 8 : 0) |
                  (is("enhanced") ? 32 : 0);
      return 0;
    case 0xf1:
      note("set-password", data[0], !strcmp((char *)data + 2, "farrier"));
      secured = 1;
      return 0;
    case 0xf3:
      note("prepare", cdb[1], io->dxfer_direction == SG_DXFER_NONE);
      prepared = 1;
      return 0;
    case 0xf4:
      note("erase-unit", data[0], !strcmp((char *)data + 2, "farrier"));
      if (!prepared || is("stubborn")) return io->status = 2, 0;
      secured = 0;
      forget(fd);
      return 0;
  }
  return io->status = 2, 0;
}

int __wrap_ioctl(int fd, int request, ...) {
  va_list words;
  va_start(words, request);
  void *argument = va_arg(words, void *);
  va_end(words);
  switch ((unsigned)request) {
    case NVME_IOCTL_ID: return is("nvme") ? 3 : -1;
    case NVME_IOCTL_ADMIN_CMD: return nvme(fd, argument);
    case SG_IO: return ata(fd, argument);
    case BLKROGET: return *(int *)argument = is("readonly"), 0;
  }
  return __real_ioctl(fd, request, argument);
}
