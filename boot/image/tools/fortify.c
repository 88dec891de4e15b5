/* Debian compiles libbearssl.a against glibc's checked copies, which musl has not: the checks, in musl's terms. */
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room) {
  if (n > room) abort();
  return memcpy(to, from, n);
}
void *__memset_chk(void *to, int c, size_t n, size_t room) {
  if (n > room) abort();
  return memset(to, c, n);
}
void *__memmove_chk(void *to, const void *from, size_t n, size_t room) {
  if (n > room) abort();
  return memmove(to, from, n);
}
