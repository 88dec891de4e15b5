/**
 * What firmware prints where it has no value, recognised by its shape: phrases of nothing but placeholder words,
 * sequences that count, characters repeated. Pure; imports nothing.
 */

/** Words that placeholders are made of (quirk 62: Supermicro, Dell, HPE, OpenBMC, AMI, and what else was reported). */
const words = new Set(
  `to be fill filled by oem oems more default string system systems chassis enclosure base board baseboard mother
  motherboard main mainboard serial serials ser number numbers numb num no sn name product manufacturer mfg vendor enter
  insert input type your here please the not non specified unspecified settable set unset setup available unavailable
  applicable provided present programmed assigned unassigned defined undefined installed populated initialized
  uninitialized configured supported readable valid invalid known unknown none null nil nul na nan empty blank void
  missing error tbd tba tbc todo eval evaluation sample placeholder dummy asset tag sku cpld part dimm module value info
  information free form text field bad index out of spec reserved define customer customers unprogrammed unpopulated
  absent removed uninitialised initialised data found read unreadable access denied failed pending change changeme me
  factory generic standard engineering prototype determined must be manufacture manufacturing fru string type version
  intel corporation corp dell inc super micro supermicro computer lenovo qemu vmware virtualbox virtual machine american
  megatrends ami insyde phoenix asus asustek gigabyte hewlett packard enterprise quanta inspur`.split(/\s+/),
);
const max = Math.max(...[...words].map((word) => word.length));

/** Cut off at the end of its field or with more behind it, it is still no serial number. */
const phrases = /tobefilled|filledbyo|defaultstring|enterserial|noserial|serialnum|systemserial|notspecified/;

/** Placeholders may be numbered, like `SerNum00`; what is real has more digits. */
const fewDigits = 2;

/** Whether text is what firmware prints where it has no serial number, part number, model or name. */
export function isFiller(text: string): boolean {
  const bare = text.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '');
  const behind = bare.replace(/^(?:0x|[bcps]?sn|mb|eb|sys|serial)/i, '');
  return bare.length < 2 || [bare, behind].some((one) => isRepeated(one) || isCounting(one)) || isPhrase(text);
}

/** One character all along, two to four again and again, or nothing but zeros behind a few letters. */
function isRepeated(bare: string): boolean {
  return /^(.)\1*$/u.test(bare) || /^((..)\2{3,}|(.{3,4})\3{2,})$/u.test(bare) || /^[a-z]{0,4}0{5,}$/i.test(bare);
}

/** `12345`, `9876543210`, `ABCDEFGH`, each twice (`1122334455`), and whatever begins with a decade: `0123456789ABCDEF`. */
function isCounting(bare: string): boolean {
  if (/^0?123456789/.test(bare)) return true;
  if (bare.length >= 10 && /^(?:(.)\1)+$/.test(bare)) return isCounting(bare.replace(/(.)\1/g, '$1'));
  if (bare.length < 4 || !/^[0-9A-Za-z]+$/.test(bare)) return false;
  const pairs = [...bare.toUpperCase()].map((one, index, all) => one + (all[index + 1] ?? '')).slice(0, -1);
  const step = (pair: string) => pair.charCodeAt(1) - pair.charCodeAt(0);
  return (
    pairs.every((pair) => step(pair) === 1 || pair === '90' || pair === '9A') ||
    pairs.every((pair) => step(pair) === -1 || pair === '09')
  );
}

/** Made of nothing but placeholder words, whether or not blanks stand between them; a digit ends a word. */
function isPhrase(text: string): boolean {
  // A slot's letter may stand before it: `A1_SerNum0`.
  const behind = text.toLowerCase().replace(/^\s*[a-z]\d?[^a-z0-9]+(?=[a-z]{2})/, '');
  if (phrases.test(behind.replace(/[^a-z]/g, ''))) return true;
  if (text.replace(/\D/g, '').length > fewDigits) return false;
  return [text.toLowerCase(), behind].some((one) => {
    const runs = one.split(/\d+/).map((run) => run.replace(/[^a-z]/g, ''));
    const said = runs.filter((run) => run !== '');
    return said.length > 0 && said.every(isWordsOnly);
  });
}

/** Whether letters can be cut into placeholder words without a rest. */
function isWordsOnly(letters: string): boolean {
  const reached = [true];
  for (let end = 1; end <= letters.length; end += 1) {
    const starts = Array.from({ length: Math.min(end, max) }, (_, back) => end - 1 - back);
    reached[end] = starts.some((start) => reached[start] === true && words.has(letters.slice(start, end)));
  }
  return letters !== '' && reached[letters.length] === true;
}

/** Whether a UUID of 32 hexadecimal digits in lower case is one that firmware prints on more than one machine. */
export function isFillerUuid(hex: string): boolean {
  return [hex, swapBytes(hex)].some((order) => isThin(order) || isCountingUp(order) || isBlankText(order));
}

/**
 * Nearly all of it the same: bytes of few kinds, one digit for more than half of it (zeros or ones with a MAC behind,
 * which says nothing that the MAC has not said), or digits that mostly repeat the one before. Of random ones not one
 * in 10^10 is so.
 */
function isThin(hex: string): boolean {
  const digits = [...hex];
  const max = Math.max(...[...new Set(digits)].map((one) => digits.filter((other) => other === one).length));
  const repeats = digits.filter((digit, index) => index > 0 && digit === digits[index - 1]).length;
  const head = digits.slice(0, 20).filter((digit) => digit !== '0').length;
  return new Set(groups(hex, 2)).size <= 4 || max >= 18 || repeats >= 22 || head <= 4;
}

/** Digits, bytes or words that mostly count up or down by one. */
function isCountingUp(hex: string): boolean {
  const steps = (width: number) => {
    const numbers = groups(hex, width).map((group) => Number.parseInt(group, 16));
    return numbers.slice(1).map((number, index) => number - (numbers[index] ?? 0));
  };
  const share = (width: number, min: number) =>
    [1, -1].some((by) => steps(width).filter((step) => step === by).length >= min);
  return share(1, 18) || share(2, 10) || share(4, 5) || isConsecutive(groups(hex, 2));
}

/** Sixteen numbers in a row, in whatever order firmware laid them out. */
function isConsecutive(bytes: readonly string[]): boolean {
  const numbers = bytes.map((byte) => Number.parseInt(byte, 16));
  return new Set(numbers).size >= 15 && Math.max(...numbers) - Math.min(...numbers) <= 17;
}

/** Text in ASCII that says nothing: a phrase, half of it blanks, or Dell's form with a service tag that is blank. */
function isBlankText(hex: string): boolean {
  const bytes = groups(hex, 2).map((group) => Number.parseInt(group, 16));
  const dell = /^4c4c454400(..)(..)1080(..)(..)c04f(......)$/.exec(hex);
  if (dell)
    return isBlank(dell.slice(1).flatMap((group) => groups(group, 2).map((one) => Number.parseInt(one, 16) & 127)));
  if (bytes.some((byte) => byte > 126 || (byte < 32 && byte !== 0))) return false;
  return isBlank(bytes) || isFiller(String.fromCharCode(...bytes));
}

function isBlank(bytes: readonly number[]): boolean {
  const letters = bytes.filter((byte) => /[0-9a-z]/i.test(String.fromCharCode(byte)));
  return letters.length * 2 <= bytes.length || new Set(letters).size < 2;
}

function groups(hex: string, width: number): string[] {
  return hex.match(new RegExp(`.{${width}}`, 'g')) ?? [];
}

/**
 * The same UUID with the bytes of its first three groups the other way round: before SMBIOS 2.6 nobody agreed on their
 * order, so firmware, kernel and controller may differ.
 */
export function swapBytes(hex: string): string {
  const reversed = (from: number, to: number) => groups(hex.slice(from, to), 2).reverse().join('');
  return reversed(0, 8) + reversed(8, 12) + reversed(12, 16) + hex.slice(16);
}
