/* ATA Secure Erase (ATA/ATAPI Command Set 3, security feature set), through SCSI's ATA PASS-THROUGH (16). */
#include "erase.h"

#include <scsi/sg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

enum { identify = 0xec, set_password = 0xf1, erase_prepare = 0xf3, erase_unit = 0xf4 };
enum { none = 3 << 1, in = 4 << 1, out = 5 << 1, sector = 512 };
enum { supported = 1, enabled = 2, locked = 4, frozen = 8, expired = 16, enhanced = 32 };
/* Fixed and known: a disk that lost its power in the middle is locked with it, and is unlocked by erasing it. */
static const char password[32] = "farrier";

static int send(int fd, unsigned char command, unsigned char protocol, void *data, unsigned ms, const char *what) {
  /* In: one sector from the disk; out: one to it; both counted in blocks. */
  unsigned char cdb[16] = {0x85, protocol, protocol == none ? 0 : protocol == in ? 0x0e : 0x06};
  unsigned char sense[32] = {0};
  cdb[6] = protocol != none;
  cdb[14] = command;
  struct sg_io_hdr io = {.interface_id = 'S', .cmd_len = sizeof cdb, .cmdp = cdb, .mx_sb_len = sizeof sense};
  io.sbp = sense;
  io.timeout = ms;
  io.dxfer_direction = protocol == none ? SG_DXFER_NONE : protocol == in ? SG_DXFER_FROM_DEV : SG_DXFER_TO_DEV;
  io.dxfer_len = protocol == none ? 0 : sector;
  io.dxferp = data;
  if (ioctl(fd, SG_IO, &io)) return refuse("%s: %m", what);
  if (io.status || io.host_status || (io.driver_status & ~8))
    return refuse("the disk refuses to %s (status %x, sense %x)", what, io.status, sense[1] & 15);
  return 0;
}

/* Words of IDENTIFY DEVICE: 82 which feature sets, 89 and 90 how long an erase takes, 128 where security stands. */
static unsigned word(const unsigned char *facts, int index) { return facts[2 * index] | facts[2 * index + 1] << 8; }

static int look(int fd, unsigned char *facts) {
  memset(facts, 0, sector);
  if (send(fd, identify, in, facts, 15000, "tell about itself")) return refuse("it is no ATA disk");
  return word(facts, 82) & 2 && word(facts, 128) & supported ? 0 : refuse("the disk has no security feature set");
}

static int can(int fd) {
  unsigned char facts[sector];
  if (look(fd, facts)) return 1;
  unsigned state = word(facts, 128);
  if (state & frozen) return refuse("its security is frozen by the firmware; a power cycle of the disk may free it");
  if (state & expired) return refuse("its password attempts are used up until a power cycle");
  return 0;
}

/* Word 89 or 90: minutes in twos, with bit 15 in the long form; at its end the disk may need longer than it can say. */
static unsigned limit_of(unsigned told) {
  unsigned minutes = (told & 0x8000 ? told & 0x7fff : told & 0xff) * 2, day = 24 * 60;
  int unsaid = minutes == 0 || minutes >= 508;
  return (unsaid && minutes < 2 * day ? 2 * day : minutes + minutes / 2 + 60) * 60 * 1000;
}

static int erase(int fd) {
  unsigned char facts[sector], data[sector] = {0};
  if (look(fd, facts)) return 1;
  unsigned state = word(facts, 128), strong = state & enhanced;
  memcpy(data + 2, password, sizeof password);
  if (!(state & enabled) && send(fd, set_password, out, data, 15000, "take a password")) return 1;
  /* Bit 1 of word 0: the enhanced erase, which also reaches sectors that were moved away. */
  data[0] = strong ? 2 : 0;
  if (send(fd, erase_prepare, none, NULL, 15000, "prepare the erase")) return 1;
  tell_progress(0);
  if (send(fd, erase_unit, out, data, limit_of(word(facts, strong ? 90 : 89)), "erase")) return 1;
  if (look(fd, facts)) return 1;
  if (word(facts, 128) & enabled) return refuse("the disk is still locked after its erase");
  tell_words("ATA SECURITY ERASE UNIT, %s, completed; security is off again", strong ? "enhanced" : "normal");
  return 0;
}

const struct method ata_secure_erase = {"ata-secure-erase", can, erase};
