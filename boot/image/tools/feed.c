/* feed: keeps a hardware watchdog fed for as long as the agent says that it is alive.
 *   feed DEVICE DEADLINE_FILE
 * The file holds a time on the machine's uptime clock, in whole seconds; once it has passed, feeding stops and the
 * watchdog resets the machine. The descriptor stays open: many drivers take one opener only. SIGTERM disarms.
 */
#include <fcntl.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t leaving;
static void leave(int signal) { (void)signal; leaving = 1; }

static long uptime(void) {
  struct timespec t;
  clock_gettime(CLOCK_BOOTTIME, &t);
  return t.tv_sec;
}

static long deadline(const char *path) {
  long until = -1;
  FILE *file = fopen(path, "r");
  if (!file) return -1;
  if (fscanf(file, "%ld", &until) != 1) until = -1;
  fclose(file);
  return until;
}

int main(int count, char **words) {
  if (count != 3) return fputs("usage: feed DEVICE DEADLINE_FILE\n", stderr), 1;
  int dog = open(words[1], O_WRONLY | O_CLOEXEC);
  if (dog < 0) return perror(words[1]), 1;
  int timeout = 60;
  ioctl(dog, WDIOC_SETTIMEOUT, &timeout);
  signal(SIGTERM, leave);
  int stale = 0;
  while (!leaving) {
    long until = deadline(words[2]);
    /* The file is replaced while we read: one bad reading is not yet a hanging agent. */
    stale = until < uptime() ? stale + 1 : 0;
    if (stale >= 3) break;
    if (write(dog, "1", 1) != 1) perror("feed");
    sleep(3);
  }
  if (leaving) return write(dog, "V", 1) == 1 ? 0 : 1;
  for (;;) pause();
}
