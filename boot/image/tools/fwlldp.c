/* fwlldp INTERFACE: stops the LLDP agent in a NIC's firmware, which keeps the switch's frames to itself. 0 when it was
 * stopped, 3 when the NIC has none or it is stopped already, 1 when it cannot be stopped; the reason is on standard error.
 * Drivers offer it as a private flag: i40e (X710) since Linux 4.14, ice (E810) since 5.1. The firmware forgets it with
 * the power.
 */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The flag's name, and what it is while the firmware's agent is off. */
static const struct { const char *name; unsigned off; } known[] = {{"disable-fw-lldp", 1}, {"fw-lldp-agent", 0}};

static int ask(int s, const char *nic, void *data) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, nic, sizeof request.ifr_name - 1);
  request.ifr_data = data;
  return ioctl(s, SIOCETHTOOL, &request);
}

/* The mask of the flag and its value for off; 0 when the driver has no such flag. */
static unsigned find_flag(int s, const char *nic, unsigned *off) {
  struct { struct ethtool_sset_info info; unsigned count; } sizes = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_PRIV_FLAGS}};
  if (ask(s, nic, &sizes) || !sizes.info.sset_mask || !sizes.count || sizes.count > 32) return 0;
  struct ethtool_gstrings *names = calloc(1, sizeof *names + sizes.count * ETH_GSTRING_LEN);
  if (!names) return 0;
  names->cmd = ETHTOOL_GSTRINGS;
  names->string_set = ETH_SS_PRIV_FLAGS;
  names->len = sizes.count;
  if (ask(s, nic, names)) return 0;
  for (unsigned i = 0; i < sizes.count; i++)
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
      if (!strncmp((char *)names->data + i * ETH_GSTRING_LEN, known[k].name, ETH_GSTRING_LEN)) return *off = known[k].off << i, 1u << i;
  return 0;
}

int main(int count, char **words) {
  if (count != 2) return fputs("usage: fwlldp INTERFACE\n", stderr), 2;
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  unsigned off = 0, mask = s < 0 ? 0 : find_flag(s, words[1], &off);
  struct ethtool_value now = {.cmd = ETHTOOL_GPFLAGS};
  if (!mask || ask(s, words[1], &now) || (now.data & mask) == off) return 3;
  struct ethtool_value wanted = {.cmd = ETHTOOL_SPFLAGS, .data = (now.data & ~mask) | off};
  if (ask(s, words[1], &wanted)) return perror("its driver does not stop it"), 1;
  if (ask(s, words[1], &now) || (now.data & mask) != off) return fputs("its driver was told to stop it, and it still runs\n", stderr), 1;
  puts("stopped");
  return 0;
}
