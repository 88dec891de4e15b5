/* tpmkey: keeps 64 bytes in the TPM's own NV memory, for machines without NVRAM variables.
 *   tpmkey put    from standard input; what was kept before is discarded first
 *   tpmkey get    to standard output
 *   tpmkey drop   discards it; 0 too when there was none
 * Speaks TPM 2.0 commands itself: the packaged tools are larger than the whole image. The index is the owner's, with
 * an empty password, as on a machine whose TPM nobody has taken; the TPM's values are numbers with the highest byte
 * first (TPM 2.0 Library, part 3: NV_DefineSpace, NV_UndefineSpace, NV_Write, NV_Read).
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { size = 64, nv_index = 0x0181fa77, owner = 0x40000001, password_session = 0x40000009 };
enum { nv_undefine = 0x122, nv_define = 0x12a, nv_write = 0x137, nv_read = 0x14e };
/* OWNERWRITE, AUTHREAD, OWNERREAD and NO_DA: a wrong guess must not lock the TPM. */
enum { attributes = 1 << 1 | 1 << 17 | 1 << 18 | 1 << 25 };

static unsigned char message[4096];
static size_t length;

static void add(uint64_t value, int bytes) {
  while (bytes--) message[length++] = (unsigned char)(value >> (8 * bytes));
}

/* The head of a command in the owner's name. */
static void begin(uint32_t command, int handles) {
  length = 0;
  add(0x8002, 2);
  add(0, 4);
  add(command, 4);
  add(owner, 4);
  if (handles == 2) add(nv_index, 4);
  add(9, 4);
  add(password_session, 4);
  add(0, 2);
  add(0, 1);
  add(0, 2);
}

static uint32_t number(size_t at) {
  return (uint32_t)message[at] << 24 | (uint32_t)message[at + 1] << 16 | (uint32_t)message[at + 2] << 8 | message[at + 3];
}

/* The TPM's code, 0 for success; the answer is in `message`. */
static uint32_t run(int tpm) {
  size_t sent = length;
  length = 2;
  add(sent, 4);
  if (write(tpm, message, sent) != (ssize_t)sent) return ~0u;
  ssize_t got = read(tpm, message, sizeof message);
  if (got < 10) return ~0u;
  length = (size_t)got;
  return number(6);
}

static int complain(const char *what, uint32_t code) {
  fprintf(stderr, "the TPM refuses to %s (code 0x%x)\n", what, code);
  return 1;
}

static int put(int tpm) {
  unsigned char key[size];
  if (fread(key, 1, size, stdin) != size) return fputs("the key is not 64 bytes\n", stderr), 1;
  begin(nv_undefine, 2);
  /* Nothing there to discard is as good. */
  run(tpm);
  begin(nv_define, 1);
  add(0, 2);
  add(14, 2);
  add(nv_index, 4);
  add(0x000b, 2);
  add(attributes, 4);
  add(0, 2);
  add(size, 2);
  uint32_t code = run(tpm);
  if (code) return complain("make room for the key", code);
  begin(nv_write, 2);
  add(size, 2);
  memcpy(message + length, key, size);
  length += size;
  add(0, 2);
  code = run(tpm);
  explicit_bzero(key, size);
  explicit_bzero(message, sizeof message);
  return code ? complain("keep the key", code) : 0;
}

static int drop(int tpm) {
  begin(nv_undefine, 2);
  uint32_t code = run(tpm);
  /* Format one, handle 1: TPM_RC_HANDLE, no such index. */
  return code && code != 0x18b && code != 0x28b ? complain("discard the key", code) : 0;
}

static int get(int tpm) {
  begin(nv_read, 2);
  add(size, 2);
  add(0, 2);
  uint32_t code = run(tpm);
  if (code) return complain("give the key", code);
  /* Header 10, parameter size 4, length 2, then the key. */
  if (length < 16 + size || (message[14] << 8 | message[15]) != size) return complain("give all of the key", 0);
  int bad = fwrite(message + 16, 1, size, stdout) != size || fflush(stdout);
  explicit_bzero(message, sizeof message);
  return bad;
}

int main(int count, char **words) {
  int tpm = open("/dev/tpmrm0", O_RDWR | O_CLOEXEC);
  if (tpm < 0) tpm = open("/dev/tpm0", O_RDWR | O_CLOEXEC);
  if (tpm < 0) return perror("the TPM"), 1;
  if (count == 2 && !strcmp(words[1], "put")) return put(tpm);
  if (count == 2 && !strcmp(words[1], "get")) return get(tpm);
  if (count == 2 && !strcmp(words[1], "drop")) return drop(tpm);
  return fputs("usage: tpmkey put|get|drop\n", stderr), 2;
}
