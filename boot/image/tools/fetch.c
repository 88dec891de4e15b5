/* fetch: the agent's HTTP and HTTPS client.
 *   fetch [--ca PEM] [--name NAME] [--token FILE] [--post FILE] [--out FILE] [--sha256 HEX] [--verify SIGNATURE PUBLIC_KEY]
 *         [--max BYTES] [--timeout SECONDS] [--idle SECONDS] [--tries N] [--status FILE] URL
 * The certificate must descend from the given CA and carry NAME, whatever address is in the URL. A download that is cut
 * goes on where it was, by Range. With --sha256 the body is checked while it streams, so the reader of a pipe must wait
 * for the exit code before it trusts what it read; with --verify the digest's ECDSA P-256 signature is checked too
 * (base64 DER, SPKI PEM). A refusal's body goes to the output only without --sha256.
 * Exit: 0 done, 1 usage, 2 network or time, 3 TLS, 4 refused (status file says which), 5 checksum, 6 too large,
 * 7 signature.
 */
#include <bearssl.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { done, usage, network, tls, refused, checksum, too_large, signature };
enum { most_header = 16 * 1024, most_pem = 64 * 1024, most_token = 256 };

static struct {
  const char *ca, *name, *token, *post, *out, *sha256, *signature, *key, *status, *url;
  unsigned long long max;
  int timeout, idle, tries;
} option = {.max = 1ULL << 40, .idle = 30, .tries = 1};

static struct { int secure; char host[256], port[6], path[2048], authority[300]; } target;
static struct { int fd; int secure; br_ssl_client_context client; br_x509_minimal_context x509; br_sslio_context io;
                unsigned char buffer[BR_SSL_BUFSIZE_BIDI]; } link_;
static struct { char text[most_header + 1]; int status; long long length; int chunked; long long from; } head;
static unsigned char pending[4096];
static size_t pending_at, pending_end;
static unsigned long long received;
static br_sha256_context digest;
static FILE *out;
static br_x509_trust_anchor anchor;
static unsigned char anchor_name[1024], anchor_key[1024], der[most_pem];
static size_t anchor_name_length, der_length;
static char bearer[most_token];

static int complain(int code, const char *what) {
  fprintf(stderr, "fetch: %s\n", what);
  return code;
}

static void out_of_time(int s) {
  (void)s;
  static const char text[] = "fetch: the time limit has passed\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(network);
  _exit(network);
}

static long slurp(const char *path, unsigned char *buffer, size_t size) {
  FILE *file = strcmp(path, "-") ? fopen(path, "rb") : stdin;
  if (!file) return -1;
  size_t n = fread(buffer, 1, size, file);
  int over = n == size && fgetc(file) != EOF;
  if (file != stdin) fclose(file);
  return over ? -1 : (long)n;
}

static void add_der(void *context, const void *bytes, size_t n) {
  (void)context;
  if (der_length + n > sizeof der) n = sizeof der - der_length;
  memcpy(der + der_length, bytes, n);
  der_length += n;
}

/* The first PEM object of that kind, in `der`. */
static int read_pem(const char *path, const char *kind) {
  static unsigned char text[most_pem];
  long n = slurp(path, text, sizeof text);
  if (n < 0) return -1;
  br_pem_decoder_context pem;
  br_pem_decoder_init(&pem);
  int wanted = 0;
  for (long i = 0; i < n;) {
    size_t taken = br_pem_decoder_push(&pem, text + i, (size_t)(n - i));
    i += (long)taken;
    int event = br_pem_decoder_event(&pem);
    if (event == BR_PEM_BEGIN_OBJ) {
      wanted = !strcmp(br_pem_decoder_name(&pem), kind);
      der_length = 0;
      br_pem_decoder_setdest(&pem, wanted ? add_der : NULL, NULL);
    } else if (event == BR_PEM_END_OBJ) {
      if (wanted) return 0;
    } else if (event == BR_PEM_ERROR) return -1;
    if (!taken && !event) break;
  }
  return -1;
}

static void add_name(void *context, const void *bytes, size_t n) {
  (void)context;
  if (anchor_name_length + n > sizeof anchor_name) return;
  memcpy(anchor_name + anchor_name_length, bytes, n);
  anchor_name_length += n;
}

static int load_anchor(void) {
  if (!option.ca || read_pem(option.ca, "CERTIFICATE")) return -1;
  br_x509_decoder_context x;
  br_x509_decoder_init(&x, add_name, NULL);
  br_x509_decoder_push(&x, der, der_length);
  br_x509_pkey *key = br_x509_decoder_get_pkey(&x);
  if (!key || !br_x509_decoder_isCA(&x) || key->key_type != BR_KEYTYPE_EC || key->key.ec.qlen > sizeof anchor_key)
    return -1;
  memcpy(anchor_key, key->key.ec.q, key->key.ec.qlen);
  anchor.dn = (br_x500_name){anchor_name, anchor_name_length};
  anchor.flags = BR_X509_TA_CA;
  anchor.pkey = *key;
  anchor.pkey.key.ec.q = anchor_key;
  return 0;
}

static int read_url(const char *url) {
  target.secure = !strncmp(url, "https://", 8);
  if (!target.secure && strncmp(url, "http://", 7)) return -1;
  const char *start = url + (target.secure ? 8 : 7), *slash = strchr(start, '/');
  size_t length = slash ? (size_t)(slash - start) : strlen(start);
  if (!length || length >= sizeof target.host || memchr(start, '@', length)) return -1;
  for (const char *p = url; *p; p++)
    if (*p <= 32 || *p >= 127) return -1;
  snprintf(target.authority, sizeof target.authority, "%.*s", (int)length, start);
  snprintf(target.host, sizeof target.host, "%.*s", (int)length, start);
  snprintf(target.port, sizeof target.port, "%s", target.secure ? "443" : "80");
  char *colon = strrchr(target.host, ':');
  if (colon) {
    if (strlen(colon + 1) > 5 || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1)) return -1;
    strcpy(target.port, colon + 1);
    *colon = 0;
  }
  return snprintf(target.path, sizeof target.path, "%s", slash ? slash : "/") < (int)sizeof target.path ? 0 : -1;
}

static int low_read(void *context, unsigned char *p, size_t n) {
  ssize_t got;
  do got = read(*(int *)context, p, n); while (got < 0 && errno == EINTR);
  return got > 0 ? (int)got : -1;
}

static int low_write(void *context, const unsigned char *p, size_t n) {
  ssize_t sent = send(*(int *)context, p, n, MSG_NOSIGNAL);
  return sent > 0 ? (int)sent : -1;
}

static int dial(void) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
  if (getaddrinfo(target.host, target.port, &hints, &list)) return -1;
  struct timeval limit = {option.idle, 0};
  int fd = -1;
  for (struct addrinfo *a = list; a && fd < 0; a = a->ai_next) {
    fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) continue;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(fd, a->ai_addr, a->ai_addrlen)) { close(fd); fd = -1; }
  }
  freeaddrinfo(list);
  return fd;
}

static int start_tls(void) {
  unsigned char seed[32];
  int random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (random < 0 || read(random, seed, sizeof seed) != (ssize_t)sizeof seed) return -1;
  close(random);
  br_ssl_client_init_full(&link_.client, &link_.x509, &anchor, 1);
  br_ssl_engine_set_versions(&link_.client.eng, BR_TLS12, BR_TLS12);
  br_ssl_engine_set_buffer(&link_.client.eng, link_.buffer, sizeof link_.buffer, 1);
  br_ssl_engine_inject_entropy(&link_.client.eng, seed, sizeof seed);
  if (!br_ssl_client_reset(&link_.client, option.name ? option.name : target.host, 0)) return -1;
  br_sslio_init(&link_.io, &link_.client.eng, low_read, &link_.fd, low_write, &link_.fd);
  return 0;
}

static int send_all(const void *bytes, size_t n) {
  if (target.secure) return br_sslio_write_all(&link_.io, bytes, n);
  for (const unsigned char *p = bytes; n;) {
    int sent = low_write(&link_.fd, p, n);
    if (sent < 0) return -1;
    p += sent;
    n -= (size_t)sent;
  }
  return 0;
}

/* More bytes, 0 at the end of the connection, or below 0. */
static int receive(void *buffer, size_t n) {
  if (pending_at < pending_end) {
    size_t ready = pending_end - pending_at < n ? pending_end - pending_at : n;
    memcpy(buffer, pending + pending_at, ready);
    pending_at += ready;
    return (int)ready;
  }
  if (target.secure) {
    int got = br_sslio_read(&link_.io, buffer, n);
    if (got < 0 && br_ssl_engine_last_error(&link_.client.eng) == BR_ERR_OK) return 0;
    return got;
  }
  ssize_t got;
  do got = read(link_.fd, buffer, n); while (got < 0 && errno == EINTR);
  return (int)got;
}

static int get_byte(void) {
  unsigned char c;
  if (pending_at == pending_end) {
    pending_at = pending_end = 0;
    int got = receive(pending, sizeof pending);
    if (got <= 0) return -1;
    pending_end = (size_t)got;
  }
  c = pending[pending_at++];
  return c;
}

static int send_request(const unsigned char *body, long body_length) {
  char text[4096];
  int n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAccept-Encoding: identity\r\n"
                   "User-Agent: farrier-agent\r\n", body ? "POST" : "GET", target.path, target.authority);
  if (bearer[0]) n += snprintf(text + n, sizeof text - (size_t)n, "Authorization: Bearer %s\r\n", bearer);
  if (received) n += snprintf(text + n, sizeof text - (size_t)n, "Range: bytes=%llu-\r\n", received);
  if (body) n += snprintf(text + n, sizeof text - (size_t)n, "Content-Type: text/plain\r\nContent-Length: %ld\r\n", body_length);
  n += snprintf(text + n, sizeof text - (size_t)n, "\r\n");
  if (n >= (int)sizeof text) return -1;
  if (send_all(text, (size_t)n) || (body && send_all(body, (size_t)body_length))) return -1;
  return target.secure ? br_sslio_flush(&link_.io) : 0;
}

static int read_head(void) {
  size_t n = 0;
  pending_at = pending_end = 0;
  while (n < 4 || memcmp(head.text + n - 4, "\r\n\r\n", 4)) {
    int c = get_byte();
    if (c <= 0 || n == most_header) return -1;
    head.text[n++] = (char)c;
  }
  head.text[n] = 0;
  head.length = -1;
  head.chunked = 0;
  head.from = 0;
  if (sscanf(head.text, "HTTP/1.%*1d %3d", &head.status) != 1) return -1;
  for (char *line = strstr(head.text, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
    char *field = line + 2;
    if (!strncasecmp(field, "content-length:", 15)) head.length = strtoll(field + 15, NULL, 10);
    if (!strncasecmp(field, "transfer-encoding:", 18)) head.chunked = strcasestr(field, "chunked") != NULL;
    if (!strncasecmp(field, "content-range:", 14) && sscanf(field + 14, " bytes %lld-", &head.from) != 1) return -1;
  }
  return head.length < -1 ? -1 : 0;
}

static int take(const unsigned char *p, size_t n, unsigned long long *skip) {
  if (*skip >= n) { *skip -= n; return done; }
  p += *skip;
  n -= (size_t)*skip;
  *skip = 0;
  if (received + n > option.max) return complain(too_large, "the answer is larger than allowed");
  br_sha256_update(&digest, p, n);
  if (fwrite(p, 1, n, out) != n) return complain(network, "the output takes no more");
  received += n;
  return done;
}

/* Reads n bytes of body, or to the end of the connection when n is below 0. `network` means cut: worth another try. */
static int copy(long long n, unsigned long long *skip) {
  static unsigned char buffer[32 * 1024];
  while (n) {
    int got = receive(buffer, n > 0 && n < (long long)sizeof buffer ? (size_t)n : sizeof buffer);
    if (got == 0 && n < 0) return done;
    if (got <= 0) return network;
    int code = take(buffer, (size_t)got, skip);
    if (code) return code == network ? too_large : code;
    if (n > 0) n -= got;
  }
  return done;
}

static int copy_chunks(unsigned long long *skip) {
  for (;;) {
    char line[32];
    size_t n = 0;
    int c;
    while ((c = get_byte()) != '\n') {
      if (c < 0) return network;
      if (n < sizeof line - 1) line[n++] = (char)c;
    }
    line[n] = 0;
    char *end;
    long long size = strtoll(line, &end, 16);
    if (end == line || size < 0 || size > (1LL << 40)) return network;
    if (size == 0) return done;
    int code = copy(size, skip);
    if (code) return code;
    if (get_byte() != '\r' || get_byte() != '\n') return network;
  }
}

static void write_status(void) {
  FILE *file = option.status ? fopen(option.status, "w") : NULL;
  if (!file) return;
  fprintf(file, "%d\n", head.status);
  fclose(file);
}

static int attempt(const unsigned char *body, long body_length) {
  link_.fd = dial();
  if (link_.fd < 0) return complain(network, "no connection");
  int code = network;
  if (target.secure && start_tls()) code = complain(tls, "TLS does not start");
  else if (send_request(body, body_length) || read_head()) {
    int error = target.secure ? br_ssl_engine_last_error(&link_.client.eng) : 0;
    if (error > 0 && error != BR_ERR_IO) {
      fprintf(stderr, "fetch: TLS error %d%s\n", error, error == BR_ERR_X509_NOT_TRUSTED ? " (the CA is not ours)"
              : error == BR_ERR_X509_BAD_SERVER_NAME ? " (the name is another's)"
              : error == BR_ERR_X509_EXPIRED ? " (expired, or the clock is wrong)" : "");
      code = tls;
    } else complain(network, "no answer, or one that is not HTTP");
  } else if (head.status >= 300) {
    write_status();
    unsigned long long skip = 0;
    if (!option.sha256) head.chunked ? copy_chunks(&skip) : copy(head.length, &skip);
    fprintf(stderr, "fetch: status %d\n", head.status);
    code = refused;
  } else {
    unsigned long long skip = received;
    if (head.status == 206) skip = head.from >= 0 && (unsigned long long)head.from <= received ? received - (unsigned long long)head.from : 0;
    if (head.status == 206 && (unsigned long long)head.from > received) code = complain(network, "the server went on elsewhere");
    else code = head.chunked ? copy_chunks(&skip) : copy(head.length, &skip);
    if (code == network) complain(network, "the connection was cut");
    write_status();
  }
  close(link_.fd);
  return code;
}

static int decode_base64(const char *path, unsigned char *result, size_t size) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char text[512];
  long n = slurp(path, text, sizeof text);
  unsigned bits = 0, held = 0;
  size_t length = 0;
  for (long i = 0; i < n && text[i] != '='; i++) {
    const char *at = text[i] ? strchr(letters, text[i]) : NULL;
    if (text[i] == '\n') continue;
    if (!at || length == size) return -1;
    bits = bits << 6 | (unsigned)(at - letters);
    if ((held += 6) >= 8) result[length++] = (unsigned char)(bits >> (held -= 8));
  }
  return n < 0 ? -1 : (int)length;
}

static int verify(const unsigned char *hash) {
  /* SubjectPublicKeyInfo of an uncompressed P-256 point. */
  static const unsigned char prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                         0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
  unsigned char proof[128];
  int n = decode_base64(option.signature, proof, sizeof proof);
  if (n <= 0) return complain(signature, "the signature is not base64");
  if (read_pem(option.key, "PUBLIC KEY") || der_length != 91 || memcmp(der, prefix, sizeof prefix))
    return complain(signature, "the image key is not a P-256 public key");
  br_ec_public_key key = {BR_EC_secp256r1, der + sizeof prefix, 65};
  if (br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash, 32, &key, proof, (size_t)n) != 1)
    return complain(signature, "the signature is not this site's over this image");
  return done;
}

static int finish(void) {
  unsigned char hash[32];
  char hex[65];
  if (fflush(out)) return complain(network, "the output takes no more");
  br_sha256_out(&digest, hash);
  for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", hash[i]);
  if (option.sha256 && strcasecmp(hex, option.sha256)) {
    fprintf(stderr, "fetch: the checksum is %s instead of %s\n", hex, option.sha256);
    return checksum;
  }
  return option.signature ? verify(hash) : done;
}

static int read_options(int count, char **words) {
  for (int i = 1; i < count; i++) {
    const char *w = words[i], *next = i + 1 < count ? words[i + 1] : NULL;
    if (w[0] != '-') { option.url = w; continue; }
    if (!next) return -1;
    i++;
    if (!strcmp(w, "--ca")) option.ca = next;
    else if (!strcmp(w, "--name")) option.name = next;
    else if (!strcmp(w, "--token")) option.token = next;
    else if (!strcmp(w, "--post")) option.post = next;
    else if (!strcmp(w, "--out")) option.out = next;
    else if (!strcmp(w, "--sha256")) option.sha256 = next;
    else if (!strcmp(w, "--status")) option.status = next;
    else if (!strcmp(w, "--max")) option.max = strtoull(next, NULL, 10);
    else if (!strcmp(w, "--timeout")) option.timeout = atoi(next);
    else if (!strcmp(w, "--idle")) option.idle = atoi(next);
    else if (!strcmp(w, "--tries")) option.tries = atoi(next);
    else if (!strcmp(w, "--verify") && i + 1 < count) { option.signature = next; option.key = words[++i]; }
    else return -1;
  }
  return option.url ? 0 : -1;
}

static int read_token(void) {
  if (!option.token) return 0;
  long n = slurp(option.token, (unsigned char *)bearer, sizeof bearer - 1);
  if (n <= 0) return -1;
  bearer[strcspn(bearer, "\r\n")] = 0;
  return 0;
}

int main(int count, char **words) {
  static unsigned char body[128 * 1024];
  if (read_options(count, words)) return complain(usage, "see the head of fetch.c for its options");
  if (read_url(option.url)) return complain(usage, "this is not an address of http or https");
  if (target.secure && load_anchor()) return complain(usage, "https needs --ca with an EC certificate");
  if (read_token()) return complain(usage, "the token file cannot be read");
  long length = option.post ? slurp(option.post, body, sizeof body) : 0;
  if (length < 0) return complain(usage, "the body cannot be read, or is over 128 KiB");
  out = option.out ? fopen(option.out, "wb") : stdout;
  if (!out) return complain(usage, "the output cannot be opened");
  signal(SIGALRM, out_of_time);
  alarm((unsigned)option.timeout);
  br_sha256_init(&digest);
  int left = option.tries, code;
  for (;;) {
    unsigned long long before = received;
    code = attempt(option.post ? body : NULL, length);
    /* A post is never repeated here: whoever asked knows whether that is safe. */
    if (code != network || option.post) break;
    if (received > before) left = option.tries;
    else if (--left <= 0) break;
    if (option.tries <= 1) break;
    sleep(1);
  }
  return code ? code : finish();
}
