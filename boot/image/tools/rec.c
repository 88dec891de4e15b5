/* rec: writes and reads the records of docs/agent.md, so that no shell quoting stands between a serial number and the
 * agent API.
 *   rec put KIND [KEY VALUE]...   prints one record; empty values are left out (an absent fact is an absent field)
 *   rec get FILE KIND KEY         prints the decoded value in the first record of that kind; 1 when there is none
 *   rec text FILE KIND KEY        the same for a value of several lines, such as a certificate
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_bytes = 64 * 1024 };

static int is_plain(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("._:/+@,-", c));
}

/* Length of the UTF-8 character at p, 0 when it is none: the other side refuses what is not UTF-8. */
static int utf8(const unsigned char *p) {
  int n = *p < 0x80 ? 1 : *p >= 0xc2 && *p < 0xe0 ? 2 : (*p & 0xf0) == 0xe0 ? 3 : *p >= 0xf0 && *p < 0xf5 ? 4 : 0;
  for (int i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80) return 0;
  if (*p == 0xe0 && p[1] < 0xa0) return 0;
  if (*p == 0xed && p[1] > 0x9f) return 0;
  if (*p == 0xf0 && p[1] < 0x90) return 0;
  if (*p == 0xf4 && p[1] > 0x8f) return 0;
  return n;
}

static void put_value(const unsigned char *p) {
  while (*p == ' ') p++;
  size_t end = strlen((const char *)p);
  while (end && (p[end - 1] == ' ' || p[end - 1] == '\n')) end--;
  for (const unsigned char *stop = p + end; p < stop;) {
    int n = utf8(p);
    if (!n) { putchar('-'); p++; continue; }
    for (int i = 0; i < n; i++, p++) is_plain(*p) ? putchar(*p) : printf("%%%02X", *p);
  }
}

static int put(int count, char **words) {
  if (count < 1 || count % 2 == 0) return 2;
  fputs(words[0], stdout);
  for (int i = 1; i + 1 < count; i += 2) {
    if (!words[i + 1][strspn(words[i + 1], " \n")]) continue;
    printf(" %s=", words[i]);
    put_value((const unsigned char *)words[i + 1]);
  }
  putchar('\n');
  return 0;
}

static int digit(int c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int lines_allowed;

static int print_decoded(const char *p) {
  char out[most_bytes];
  size_t n = 0;
  for (; *p; p++) {
    int c = (unsigned char)*p;
    if (c == '%') {
      if (!p[1] || digit(p[1]) < 0 || digit(p[2]) < 0) return 3;
      c = digit(p[1]) * 16 + digit(p[2]);
      p += 2;
    } else if (!is_plain((unsigned char)c)) return 3;
    /* Control characters have no place in what a shell reads, nor on a console. */
    if ((c < 32 && !(lines_allowed && c == '\n')) || c == 127) return 3;
    out[n++] = (char)c;
  }
  fwrite(out, 1, n, stdout);
  putchar('\n');
  return 0;
}

static int get(const char *path, const char *kind, const char *key) {
  static char text[most_bytes + 2];
  FILE *file = fopen(path, "r");
  if (!file) return 2;
  size_t n = fread(text, 1, most_bytes + 1, file);
  fclose(file);
  if (n > most_bytes || memchr(text, 0, n)) return 3;
  char *rest = text, *line;
  while ((line = strsep(&rest, "\n"))) {
    char *word = strsep(&line, " ");
    if (!word || strcmp(word, kind)) continue;
    while ((word = strsep(&line, " "))) {
      size_t length = strlen(key);
      if (!strncmp(word, key, length) && word[length] == '=') return print_decoded(word + length + 1);
    }
    return 1;
  }
  return 1;
}

int main(int count, char **words) {
  if (count > 2 && !strcmp(words[1], "put")) return put(count - 2, words + 2);
  lines_allowed = count == 5 && !strcmp(words[1], "text");
  if (lines_allowed || (count == 5 && !strcmp(words[1], "get"))) return get(words[2], words[3], words[4]);
  fputs("usage: rec put KIND [KEY VALUE]... | rec get|text FILE KIND KEY\n", stderr);
  return 2;
}
