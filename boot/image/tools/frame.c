/* Reads an LLDP frame and writes what it says as a record: text as text, without the padding that some switches put
 * behind it, and what is no text in hexadecimal, so that two ids never look alike. */
#include "lldp.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { header = 14, longest_text = 200 };
enum { end_element, chassis_id, port_id, time_to_live, port_description, system_name, system_description, capabilities };
enum { bridge = 1 << 2, router = 1 << 4 };

/* Up to the first NUL, without the blanks and line ends around it. */
static struct text trimmed(struct text t) {
  const unsigned char *nul = memchr(t.bytes, 0, (size_t)t.length);
  if (nul) t.length = (int)(nul - t.bytes);
  while (t.length && isspace(t.bytes[0])) t.bytes++, t.length--;
  while (t.length && isspace(t.bytes[t.length - 1])) t.length--;
  return t;
}

static int is_plain(unsigned char c) { return c >= 32 && c < 127; }

static void put_text(struct text t) {
  for (int i = 0; i < t.length && i < longest_text; i++) {
    unsigned char c = t.bytes[i];
    /* Not ASCII: shown as a dash, since names of ports are ASCII in every switch seen and encodings are not told. */
    if (!is_plain(c)) putchar('-');
    else if (isalnum(c) || strchr("._:/+@,-", c)) putchar(c);
    else printf("%%%02X", c);
  }
}

static void put_hex(struct text t) {
  for (int i = 0; i < t.length && i < longest_text / 2; i++) printf("%02x", t.bytes[i]);
}

/* A foreign letter in a long name leaves it readable; bytes that are mostly no letters are none. */
static int is_text(struct text t) {
  int plain = 0;
  for (int i = 0; i < t.length; i++) plain += is_plain(t.bytes[i]);
  return t.length && plain * 4 >= t.length * 3;
}

/* The first byte of a network address is its family by IANA: 1 for IPv4, 2 for IPv6. */
static int put_address(struct text t) {
  char out[INET6_ADDRSTRLEN];
  int family = t.length == 5 && t.bytes[0] == 1 ? AF_INET : t.length == 17 && t.bytes[0] == 2 ? AF_INET6 : 0;
  return family && inet_ntop(family, t.bytes + 1, out, sizeof out) ? fputs(out, stdout) >= 0 : 0;
}

static void put_id(const char *key, struct text t, int mac, int address, int bytes) {
  printf(" %s=", key);
  if (t.subtype == mac && t.length == 6)
    for (int i = 0; i < 6; i++) printf(i ? ":%02x" : "%02x", t.bytes[i]);
  else if (t.subtype == address) put_address(t) ? (void)0 : put_hex(t);
  else if (t.subtype == mac || t.subtype == bytes) put_hex(t);
  else if (is_text(trimmed(t))) put_text(trimmed(t));
  else put_hex(t);
  printf(" %s_subtype=%d", key, t.subtype);
}

static int is_empty(struct text t, int mac, int address, int bytes) {
  if (t.subtype == mac || t.subtype == address || t.subtype == bytes) return 0;
  return trimmed(t).length == 0;
}

int read_frame(const unsigned char *b, int n, struct neighbour *out) {
  memset(out, 0, sizeof *out);
  out->vlan = out->seconds = out->enabled = -1;
  if (n < header || n > longest || b[12] != 0x88 || b[13] != 0xcc) return 0;
  int place = 0;
  for (int i = header; i + 2 <= n; place++) {
    int type = b[i] >> 1, length = (b[i] & 1) << 8 | b[i + 1];
    const unsigned char *p = b + i + 2;
    i += 2 + length;
    if (i > n) return 0;
    if (type == end_element) break;
    if ((place == 0) != (type == chassis_id) || (place == 1) != (type == port_id)) return 0;
    if (type <= port_id && length < 2) return 0;
    if (type == chassis_id) out->chassis = (struct text){p[0], p + 1, length - 1};
    if (type == port_id) out->port = (struct text){p[0], p + 1, length - 1};
    if (type == time_to_live && length >= 2) out->seconds = p[0] << 8 | p[1];
    if (type == port_description && length) out->description = trimmed((struct text){0, p, length});
    if (type == system_name && length) out->system = trimmed((struct text){0, p, length});
    if (type == capabilities && length >= 4) out->enabled = p[2] << 8 | p[3];
    if (type == 127 && length == 6 && !memcmp(p, "\x00\x80\xc2\x01", 4)) out->vlan = p[4] << 8 | p[5];
  }
  if (!out->chassis.bytes || is_empty(out->chassis, chassis_mac, chassis_address, -1)) return 0;
  return out->port.bytes && !is_empty(out->port, port_mac, port_address, port_circuit);
}

int may_be_switch(const struct neighbour *n) { return n->enabled < 0 || n->enabled & (bridge | router); }

void print_record(const char *nic, const struct neighbour *n) {
  printf("lldp nic=%s", nic);
  put_id("chassis", n->chassis, chassis_mac, chassis_address, -1);
  put_id("port", n->port, port_mac, port_address, port_circuit);
  if (n->description.length) printf(" port_description="), put_text(n->description);
  if (n->system.length) printf(" system="), put_text(n->system);
  if (n->vlan > 0) printf(" vlan=%d", n->vlan);
  putchar('\n');
  fflush(stdout);
}
