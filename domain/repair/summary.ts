interface Known {
  readonly evidence: string | null;
  readonly seen: string;
  /** When it last started, by its controller's clock. */
  readonly reset: string | null;
  readonly missing: readonly string[];
  readonly lastSeenAt: Date | null;
  readonly boots: { readonly at: Date; readonly answer: string } | null;
  readonly sensors: { readonly sensors: readonly Sensor[] } | null;
  readonly logs: readonly Entry[];
  readonly events: readonly Entry[];
  readonly tests: readonly { readonly verdict: string | null; readonly finding: string | null }[];
  readonly acts: readonly { readonly kind: string; readonly state: string }[];
  readonly keyStore: string | null;
  readonly console: { readonly lines: readonly string[]; readonly missing: string | null };
}

interface Sensor {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly health: string | null;
}

interface Entry {
  readonly severity: string | null;
  readonly message: string | null;
}

const consoleLines = 8;
const consoleWidth = 160;

/**
 * What a person reads first, and what stands in the ticket: the complaint, what is seen now, whether and since when it
 * answers, the worst that the records hold, and the end of its console. Short; all of it is in the bundle. Pure.
 */
export function summarise(known: Known): string {
  const { evidence, missing, seen } = known;
  return [
    ...(evidence ? [evidence] : []),
    ...missing,
    `Now: ${seen}.`,
    ...contacts(known),
    ...(known.sensors?.sensors ?? []).filter(isBad).slice(0, 5).map(reading),
    ...worst(known),
    ...history(known),
    ...keys(known),
    ...tail(known),
  ].join('\n');
}

const bad = new Set(['critical', 'warning']);

function isBad({ health }: Sensor): boolean {
  return bad.has(health?.toLowerCase() ?? '');
}

function reading({ name, value, unit, health }: Sensor): string {
  return `${health}: ${name} ${value} ${unit}`;
}

/** Times of different clocks stay apart: a controller's may be years off (quirk 35). */
function contacts({ reset, lastSeenAt, boots }: Known): string[] {
  const sentences = [
    ...(reset === null ? [] : [`last started ${reset} by its controller's clock`]),
    ...(lastSeenAt === null ? [] : [`last heard from ${lastSeenAt.toISOString()}`]),
    ...(boots === null ? [] : [`last asked for a boot ${boots.at.toISOString()} (${boots.answer})`]),
  ];
  return sentences.length === 0 ? [] : [`Up: ${sentences.join(', ')}.`];
}

function worst({ logs, events }: Known): string[] {
  const entries = [...logs, ...events];
  const serious = entries.filter(({ severity }) => bad.has(severity?.toLowerCase() ?? ''));
  if (serious.length === 0 && entries.length > 0)
    return [`Logs: nothing above OK in the last ${entries.length} entries.`];
  return serious.slice(0, 5).map(({ severity, message }) => `${severity}: ${message ?? '(no words)'}`);
}

function history({ tests, acts }: Known): string[] {
  const [test] = tests;
  const last = acts.slice(0, 5).map(({ kind, state }) => `${kind} ${state}`);
  return [
    ...(test?.verdict ? [`Last burn-in: ${test.verdict}${test.finding ? `, ${test.finding}` : ''}.`] : []),
    ...(last.length > 0 ? [`Last acts: ${last.join(', ')}.`] : []),
  ];
}

/** Said before anybody takes the board out: what its disks hold goes with it. */
function keys({ keyStore }: Known): string[] {
  if (keyStore !== 'nvram' && keyStore !== 'tpm') return [];
  const where = keyStore === 'nvram' ? 'NVRAM' : 'TPM';
  return [`The keys of its disks are in the mainboard's ${where}: with another board, what the disks hold is lost.`];
}

function tail({ console: { lines, missing } }: Known): string[] {
  if (lines.length === 0) return [`No console: ${missing ?? 'it is empty'}.`];
  return ['Its console ends:', ...lines.slice(-consoleLines).map((line) => `  ${line.slice(0, consoleWidth)}`)];
}
