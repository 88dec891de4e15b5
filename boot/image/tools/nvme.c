/* NVMe Format and Sanitize (NVM Express Base Specification 1.4, sections 5.23 and 5.24), by the kernel's pass-through. */
#include "erase.h"

#include <linux/nvme_ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { get_log = 0x02, identify = 0x06, format = 0x80, sanitize = 0x84 };
enum { page = 4096, sanitize_log = 0x81 };
/* A format of a large disk of the slow kind; the drive answers when it is done. */
enum { short_ms = 60 * 1000, format_ms = 24 * 3600 * 1000 };

struct drive {
  uint32_t nsid;
  unsigned char controller[page], space[page];
};

static int command(int fd, struct nvme_passthru_cmd *request, const char *what) {
  int status = ioctl(fd, NVME_IOCTL_ADMIN_CMD, request);
  if (status < 0) return refuse("%s: %m", what);
  return status > 0 ? refuse("the drive refuses to %s: NVMe status 0x%x", what, status & 0x7ff) : 0;
}

static int read_into(int fd, unsigned char opcode, uint32_t nsid, uint32_t cdw10, void *data, uint32_t bytes) {
  struct nvme_passthru_cmd request = {.opcode = opcode, .nsid = nsid, .cdw10 = cdw10, .timeout_ms = short_ms};
  request.addr = (uint64_t)(uintptr_t)data;
  request.data_len = bytes;
  return command(fd, &request, "tell about itself");
}

static uint32_t number(const unsigned char *at) {
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* Reads what the drive is. Refuses one with further namespaces when the command would take them along. */
static int look(int fd, struct drive *drive) {
  int nsid = ioctl(fd, NVME_IOCTL_ID);
  if (nsid <= 0) return refuse("it is no NVMe namespace");
  drive->nsid = (uint32_t)nsid;
  if (read_into(fd, identify, 0, 1, drive->controller, page)) return 1;
  if (read_into(fd, identify, drive->nsid, 0, drive->space, page)) return 1;
  return drive->space[99] & 1 ? refuse("its namespace is write-protected") : 0;
}

static int is_alone(int fd, const struct drive *drive) {
  static unsigned char list[page];
  if (read_into(fd, identify, 0, 2, list, page)) return 0;
  for (int i = 0; i < page && number(list + i); i += 4)
    if (number(list + i) != drive->nsid)
      return refuse("it would take namespace %u of the same drive along", number(list + i)), 0;
  return 1;
}

static int can_format(int fd) {
  static struct drive drive;
  if (look(fd, &drive)) return 1;
  if (!(drive.controller[256] & 2)) return refuse("the drive knows no Format");
  return drive.controller[524] & 3 && !is_alone(fd, &drive);
}

static int do_format(int fd) {
  static struct drive drive;
  if (look(fd, &drive)) return 1;
  /* Cryptographic where the drive says that it can, else all user data; the layout of blocks stays as it is. */
  uint32_t kind = drive.controller[524] & 4 ? 2 : 1, layout = drive.space[26], protection = drive.space[29];
  struct nvme_passthru_cmd request = {.opcode = format, .nsid = drive.nsid, .timeout_ms = format_ms};
  request.cdw10 = (layout & 0xf) | (layout & 0x10) | (protection & 7) << 5 | (protection & 8) << 5 | kind << 9 |
                  (layout >> 5 & 3) << 12;
  if (command(fd, &request, "format")) return 1;
  tell_words("NVMe Format, secure erase setting %u (%s), completed", kind, kind == 2 ? "cryptographic" : "user data");
  return 0;
}

static int can_sanitize(int fd) {
  static struct drive drive;
  if (look(fd, &drive)) return 1;
  if (!(number(drive.controller + 328) & 7)) return refuse("the drive knows no Sanitize");
  return !is_alone(fd, &drive);
}

struct progress { unsigned share, state, action; };

static int ask_progress(int fd, struct progress *now) {
  static unsigned char log[512];
  if (read_into(fd, get_log, 0xffffffff, sanitize_log | (sizeof log / 4 - 1) << 16, log, sizeof log)) return 1;
  *now = (struct progress){number(log) & 0xffff, log[2] & 7, number(log + 4) & 7};
  return 0;
}

static const char *action_name(unsigned action) {
  return action == 4 ? "crypto erase" : action == 2 ? "block erase" : action == 3 ? "overwrite" : "unknown";
}

static int do_sanitize(int fd) {
  static struct drive drive;
  struct progress now;
  if (look(fd, &drive) || ask_progress(fd, &now)) return 1;
  uint32_t known = number(drive.controller + 328), action = known & 2 ? 2 : known & 1 ? 4 : 3;
  /* One that the power was taken from goes on by itself when the drive is back: it is waited for, not sent again. */
  if (now.state != 2) {
    struct nvme_passthru_cmd request = {.opcode = sanitize, .timeout_ms = short_ms};
    /* One pass where it is an overwrite. */
    request.cdw10 = action | (action == 3 ? 1 << 4 : 0);
    if (command(fd, &request, "sanitize") || ask_progress(fd, &now)) return 1;
  }
  for (; now.state == 2; sleep(1)) {
    tell_progress(now.share / 65536.0);
    if (ask_progress(fd, &now)) return 1;
  }
  if (now.state != 1 && now.state != 4) return refuse("the drive says that its Sanitize failed (status %u)", now.state);
  tell_words("NVMe Sanitize, %s, status %u (completed)", action_name(now.action), now.state);
  return 0;
}

const struct method nvme_format = {"nvme-format", can_format, do_format};
const struct method nvme_sanitize = {"nvme-sanitize", can_sanitize, do_sanitize};
