/* lldp: hears the switch. Prints an `lldp` record for each neighbour on an interface, the likeliest switch first.
 *   lldp INTERFACE SECONDS              0 heard, 2 nothing sound within the time, 1 no such interface
 *   lldp --frame FILE INTERFACE [MAC]…  reads the frame from a file, on a machine that has NICs with these MACs
 * It ends with the first neighbour that may be a switch; one that calls itself something else is told at the end of the
 * time. A frame is sound when chassis id and port id come first and no element reaches beyond the frame (IEEE 802.1AB).
 * Passed over are farewells (a time to live of 0) and what this machine's own NICs say: firmware of theirs speaks LLDP too.
 */
#include "lldp.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { lldp_type = 0x88cc, most_neighbours = 8, most_own = 256 };

static unsigned char own[most_own][6];
static int own_count;

static int is_own(const unsigned char *mac) {
  for (int i = 0; i < own_count; i++)
    if (!memcmp(own[i], mac, 6)) return 1;
  return 0;
}

static void add_own(const unsigned char *mac) {
  static const unsigned char none[6];
  if (own_count < most_own && memcmp(mac, none, 6)) memcpy(own[own_count++], mac, 6);
}

static void find_own(void) {
  struct ifaddrs *all = NULL;
  if (getifaddrs(&all)) return;
  for (struct ifaddrs *one = all; one; one = one->ifa_next) {
    struct sockaddr_ll *link = (void *)one->ifa_addr;
    if (link && link->sll_family == AF_PACKET && link->sll_halen == 6) add_own(link->sll_addr);
  }
  freeifaddrs(all);
}

/* Whether somebody on the cable said this, and means to stay. */
static int is_neighbour(const unsigned char *frame, const struct neighbour *n) {
  if (n->seconds == 0 || is_own(frame + 6)) return 0;
  return !(n->chassis.subtype == chassis_mac && n->chassis.length == 6 && is_own(n->chassis.bytes));
}

static int from_file(const char *path, const char *nic) {
  unsigned char frame[longest + 1];
  FILE *file = fopen(path, "rb");
  if (!file) return 1;
  int n = (int)fread(frame, 1, sizeof frame, file);
  struct neighbour heard;
  if (!read_frame(frame, n, &heard) || !is_neighbour(frame, &heard)) return 2;
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

static int is_same(struct text a, struct text b) {
  return a.subtype == b.subtype && a.length == b.length && !memcmp(a.bytes, b.bytes, (size_t)a.length);
}

/* Frames that were kept, as what is known of a neighbour points into its frame. */
static unsigned char frames[most_neighbours][longest + 1];
static struct neighbour neighbours[most_neighbours];

/* Hears until a neighbour that may be a switch was heard, or the time is over; how many neighbours there are. */
static int listen_on(int s, long long end, int *likely) {
  int count = 0;
  *likely = -1;
  for (long long left; *likely < 0 && count < most_neighbours && (left = end - now_ms()) > 0;) {
    struct pollfd wait = {.fd = s, .events = POLLIN};
    if (poll(&wait, 1, (int)left) <= 0) continue;
    struct neighbour *heard = &neighbours[count];
    int n = (int)recv(s, frames[count], sizeof frames[count], 0);
    if (n < 0) { usleep(100000); continue; }
    if (!read_frame(frames[count], n, heard) || !is_neighbour(frames[count], heard)) continue;
    int known = 0;
    for (int i = 0; i < count; i++) known |= is_same(neighbours[i].chassis, heard->chassis) && is_same(neighbours[i].port, heard->port);
    if (known) continue;
    if (may_be_switch(heard)) *likely = count;
    count++;
  }
  return count;
}

int main(int count, char **words) {
  if (count >= 4 && !strcmp(words[1], "--frame")) {
    for (int i = 4; i < count; i++) {
      unsigned m[6];
      if (sscanf(words[i], "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) == 6)
        add_own((unsigned char[]){(unsigned char)m[0], (unsigned char)m[1], (unsigned char)m[2], (unsigned char)m[3],
                                  (unsigned char)m[4], (unsigned char)m[5]});
    }
    return from_file(words[2], words[3]);
  }
  if (count != 3) return fputs("usage: lldp INTERFACE SECONDS | lldp --frame FILE INTERFACE [MAC]...\n", stderr), 1;
  int s = open_on(words[1]), likely;
  if (s < 0) return perror(words[1]), 1;
  find_own();
  int heard = listen_on(s, now_ms() + atoi(words[2]) * 1000LL, &likely);
  if (likely >= 0) print_record(words[1], &neighbours[likely]);
  for (int i = 0; i < heard; i++)
    if (i != likely) print_record(words[1], &neighbours[i]);
  return heard ? 0 : 2;
}
