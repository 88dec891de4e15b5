/* A NIC for the tool that speaks to one, instead of the kernel (linked with -Wl,--wrap=ioctl). NIC names its private
 * flags and what they are, e.g. `link-down-on-close=0,disable-fw-lldp=0`; words behind a blank: `refuses`, `ignores`.
 * NIC_LOG gets a line for each set of flags that is asked for. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char names[32][ETH_GSTRING_LEN];
static unsigned count, flags, read_once;

static void read_flags(void) {
  char text[512], *rest = text, *one;
  snprintf(text, sizeof text, "%s", getenv("NIC"));
  text[strcspn(text, " ")] = 0;
  while (!read_once && (one = strsep(&rest, ",")) && *one) {
    char *value = strchr(one, '=');
    *value++ = 0;
    snprintf(names[count], sizeof *names, "%s", one);
    flags |= (unsigned)(*value == '1') << count++;
  }
  read_once = 1;
}

static int answer(void *data) {
  unsigned command = *(unsigned *)data;
  if (command == ETHTOOL_GSSET_INFO) {
    struct ethtool_sset_info *info = data;
    if (info->sset_mask != 1ULL << ETH_SS_PRIV_FLAGS || !count) return info->sset_mask = 0, 0;
    return info->data[0] = count, 0;
  }
  if (command == ETHTOOL_GSTRINGS) {
    struct ethtool_gstrings *strings = data;
    memcpy(strings->data, names, count * sizeof *names);
    return strings->len = count, 0;
  }
  struct ethtool_value *value = data;
  if (command == ETHTOOL_GPFLAGS) return value->data = flags, 0;
  if (command != ETHTOOL_SPFLAGS) return errno = EOPNOTSUPP, -1;
  FILE *log = fopen(getenv("NIC_LOG"), "a");
  fprintf(log, "%x\n", value->data);
  fclose(log);
  if (strstr(getenv("NIC"), "refuses")) return errno = EOPNOTSUPP, -1;
  if (!strstr(getenv("NIC"), "ignores")) flags = value->data;
  return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...) {
  va_list words;
  va_start(words, request);
  struct ifreq *ask = va_arg(words, struct ifreq *);
  va_end(words);
  (void)fd;
  read_flags();
  if (request != SIOCETHTOOL) return errno = ENOTTY, -1;
  if (strcmp(ask->ifr_name, "eth0")) return errno = ENODEV, -1;
  return answer(ask->ifr_data);
}
