/* send INTERFACE FILE...: puts each file on the link as one frame, a tenth of a second apart. */
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **words) {
  int s = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(words[1])};
  if (s < 0 || bind(s, (void *)&to, sizeof to)) return perror(words[1]), 1;
  for (int i = 2; i < count; i++, usleep(100000)) {
    unsigned char frame[2000];
    FILE *file = fopen(words[i], "rb");
    size_t n = file ? fread(frame, 1, sizeof frame, file) : 0;
    if (file) fclose(file);
    if (!n || send(s, frame, n, 0) != (ssize_t)n) return perror(words[i]), 1;
  }
  return 0;
}
