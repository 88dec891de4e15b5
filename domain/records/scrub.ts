/** Characters of a line, and of all lines together, that are kept. */
const longest = 300;
const max = 8192;

// By ECMA-48: control sequences, strings that end with BEL or ST, and two-character sequences.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~])/g;

/** Words before a value that nobody else is to read. */
const named =
  /((?:^|[^a-z])(?:[\w.-]*(?:token|secret|passw(?:or)?d|passphrase|credential|api[-_]?key|private[-_]?key)[\w.-]*)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|\S+)/gi;
const bearer = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
const inAddress = /(\b[a-z][\w+.-]*:\/\/)[^\s/@]+@/gi;
/** What has the length and the look of a key: Farrier's own tokens are 43 such characters. */
const keyLike = /(?<![\w/+=-])(?=[\w/+-]*\d)(?=[\w/+-]*[a-z])(?=[\w/+-]*[A-Z])[\w/+-]{32,}={0,2}(?![\w/+-])/g;
const pem = /-----BEGIN [^-]*PRIVATE KEY-----/;

/**
 * Lines of a console as they may be kept and shown: without control characters, without what looks like a secret, and
 * no more than the last 8 KiB of them. Machines print their kernel's command line, tokens and all. Pure.
 */
export function scrubConsole(lines: readonly string[]): string[] {
  let inKey = false;
  const clean = lines.flatMap((raw) => {
    const line = plain(raw);
    if (pem.test(line)) inKey = true;
    const hidden = inKey;
    if (/-----END [^-]*PRIVATE KEY-----/.test(line)) inKey = false;
    return hidden ? ['…'] : line === '' ? [] : [masked(line).slice(0, longest)];
  });
  let left = max;
  const kept: string[] = [];
  for (const line of clean.reverse()) {
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) break;
    kept.unshift(line);
  }
  return kept;
}

function plain(line: string): string {
  return line
    .slice(0, 4 * longest)
    .replace(sequences, '')
    .replace(/\p{C}+/gu, ' ')
    .trimEnd();
}

function masked(line: string): string {
  return line.replace(named, '$1…').replace(bearer, '$1 …').replace(inAddress, '$1…@').replace(keyLike, '…');
}
