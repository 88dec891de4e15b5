/* lldp: hears the switch. Prints one `lldp` record for the first sound LLDP frame on an interface.
 *   lldp INTERFACE SECONDS        0 heard, 2 nothing sound within the time, 1 no such interface
 *   lldp --frame FILE INTERFACE   reads the frame from a file; 2 when it is not sound
 * A frame is sound when chassis id and port id come first and no element reaches beyond the frame (IEEE 802.1AB).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <poll.h>
#include <unistd.h>

enum { lldp_type = 0x88cc, header = 14, longest = 1600, longest_text = 200 };

struct text { unsigned char subtype; const unsigned char *bytes; int length; };
struct neighbour { struct text chassis, port, description, system; int vlan; };

static void put_bytes(const unsigned char *p, int n) {
  for (int i = 0; i < n && i < longest_text; i++) {
    int plain = p[i] > 32 && p[i] < 127 && (strchr("._:/+@,-", p[i]) || isalnum(p[i]));
    /* Not ASCII: shown as a dash, since names of ports are ASCII in every switch seen and encodings are not told. */
    if (p[i] < 32 || p[i] >= 127) putchar('-');
    else if (plain) putchar(p[i]);
    else printf("%%%02X", p[i]);
  }
}

static void put_id(const char *key, struct text t, int mac_subtype, int address_subtype) {
  if (!t.bytes) return;
  printf(" %s=", key);
  if (t.subtype == mac_subtype && t.length == 6)
    for (int i = 0; i < 6; i++) printf(i ? ":%02x" : "%02x", t.bytes[i]);
  else if (t.subtype == address_subtype && t.length == 5 && t.bytes[0] == 1)
    printf("%d.%d.%d.%d", t.bytes[1], t.bytes[2], t.bytes[3], t.bytes[4]);
  else put_bytes(t.bytes, t.length);
}

static int read_frame(const unsigned char *b, int n, struct neighbour *out) {
  memset(out, 0, sizeof *out);
  out->vlan = -1;
  if (n < header || n > longest || b[12] != 0x88 || b[13] != 0xcc) return 0;
  int place = 0;
  for (int i = header; i + 2 <= n; place++) {
    int type = b[i] >> 1, length = (b[i] & 1) << 8 | b[i + 1];
    const unsigned char *p = b + i + 2;
    i += 2 + length;
    if (i > n) return 0;
    if (type == 0) break;
    if ((place == 0) != (type == 1) || (place == 1) != (type == 2)) return 0;
    if (type <= 2 && length < 2) return 0;
    if (type == 1) out->chassis = (struct text){p[0], p + 1, length - 1};
    if (type == 2) out->port = (struct text){p[0], p + 1, length - 1};
    if (type == 4 && length) out->description = (struct text){0, p, length};
    if (type == 5 && length) out->system = (struct text){0, p, length};
    if (type == 127 && length == 6 && !memcmp(p, "\x00\x80\xc2\x01", 4)) out->vlan = p[4] << 8 | p[5];
  }
  return out->chassis.bytes && out->port.bytes;
}

static void print_record(const char *nic, const struct neighbour *n) {
  printf("lldp nic=%s", nic);
  put_id("chassis", n->chassis, 4, 5);
  put_id("port", n->port, 3, 4);
  put_id("port_description", n->description, -1, -1);
  put_id("system", n->system, -1, -1);
  if (n->vlan > 0) printf(" vlan=%d", n->vlan);
  putchar('\n');
}

static int from_file(const char *path, const char *nic) {
  unsigned char frame[longest + 1];
  FILE *file = fopen(path, "rb");
  if (!file) return 1;
  int n = (int)fread(frame, 1, sizeof frame, file);
  struct neighbour heard;
  if (!read_frame(frame, n, &heard)) return 2;
  print_record(nic, &heard);
  return 0;
}

static int open_on(const char *nic) {
  int index = (int)if_nametoindex(nic), s = socket(AF_PACKET, SOCK_RAW, htons(lldp_type));
  struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(lldp_type), .sll_ifindex = index};
  if (!index || s < 0 || bind(s, (void *)&at, sizeof at)) return -1;
  /* The three group addresses that switches send to. */
  for (int last = 0; last < 3; last++) {
    struct packet_mreq group = {.mr_ifindex = index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6,
                                .mr_address = {1, 0x80, 0xc2, 0, 0, (unsigned char)(last == 0 ? 0x0e : last == 1 ? 3 : 0)}};
    setsockopt(s, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group);
  }
  return s;
}

static long long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int main(int count, char **words) {
  if (count == 4 && !strcmp(words[1], "--frame")) return from_file(words[2], words[3]);
  if (count != 3) return fputs("usage: lldp INTERFACE SECONDS | lldp --frame FILE INTERFACE\n", stderr), 1;
  int s = open_on(words[1]);
  if (s < 0) return perror(words[1]), 1;
  long long end = now_ms() + atoi(words[2]) * 1000LL;
  for (long long left; (left = end - now_ms()) > 0;) {
    struct pollfd wait = {.fd = s, .events = POLLIN};
    if (poll(&wait, 1, (int)left) <= 0) continue;
    unsigned char frame[longest + 1];
    int n = (int)recv(s, frame, sizeof frame, 0);
    struct neighbour heard;
    if (n < 0) { usleep(100000); continue; }
    if (!read_frame(frame, n, &heard)) continue;
    print_record(words[1], &heard);
    return 0;
  }
  return 2;
}
