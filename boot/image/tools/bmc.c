/* bmc DEVICE: asks the board's controller over IPMI for its LAN address and MAC; prints one `bmc` record, which holds
 * neither where the controller answers and has no address.
 * IPMI 2.0: Get Device ID (netfn 0x06, command 0x01), Get LAN Configuration Parameters (netfn 0x0c, command 0x02),
 * parameters 3 (address) and 5 (MAC).
 */
#include <fcntl.h>
#include <linux/ipmi.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What the controller answers, without its completion code; fewer bytes than wanted are an error. */
static int send(int fd, unsigned char netfn, unsigned char command, unsigned char *data, unsigned short bytes, unsigned char *out, int want) {
  static int number;
  unsigned char answer[64];
  struct ipmi_system_interface_addr to = {.addr_type = IPMI_SYSTEM_INTERFACE_ADDR_TYPE, .channel = IPMI_BMC_CHANNEL};
  struct ipmi_req request = {.addr = (void *)&to, .addr_len = sizeof to, .msgid = ++number,
                             .msg = {.netfn = netfn, .cmd = command, .data = data, .data_len = bytes}};
  if (ioctl(fd, IPMICTL_SEND_COMMAND, &request)) return -1;
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  if (poll(&wait, 1, 5000) <= 0) return -1;
  struct ipmi_addr from;
  struct ipmi_recv reply = {.addr = (void *)&from, .addr_len = sizeof from, .msg = {.data = answer, .data_len = sizeof answer}};
  if (ioctl(fd, IPMICTL_RECEIVE_MSG_TRUNC, &reply)) return -1;
  if (reply.msg.data_len < want + 1 || answer[0]) return -1;
  memcpy(out, answer + 1, (size_t)want);
  return 0;
}

static int ask(int fd, int channel, int parameter, unsigned char *out, int want) {
  unsigned char data[] = {(unsigned char)channel, (unsigned char)parameter, 0, 0}, answer[64];
  if (send(fd, 0x0c, 2, data, sizeof data, answer, want + 1)) return -1;
  /* A revision comes before the value. */
  memcpy(out, answer + 1, (size_t)want);
  return 0;
}

int main(int count, char **words) {
  if (count != 2) return fputs("usage: bmc DEVICE\n", stderr), 2;
  int fd = open(words[1], O_RDWR | O_CLOEXEC);
  if (fd < 0) return perror(words[1]), 1;
  for (int channel = 1; channel <= 8; channel++) {
    unsigned char ip[4], mac[6];
    if (ask(fd, channel, 3, ip, 4) || !(ip[0] | ip[1] | ip[2] | ip[3])) continue;
    printf("bmc address=%d.%d.%d.%d", ip[0], ip[1], ip[2], ip[3]);
    if (!ask(fd, channel, 5, mac, 6))
      printf(" mac=%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
    putchar('\n');
    return 0;
  }
  unsigned char id[5];
  if (send(fd, 0x06, 1, NULL, 0, id, sizeof id)) return 1;
  /* The version in binary coded decimal, its two digits swapped. */
  printf("bmc ipmi=%d.%d\n", id[4] & 15, id[4] >> 4);
  return 0;
}
