/** The probe of a controller: what it offers, from what is kept of it, and from itself where nothing is. */
import { RedfishError } from './errors.ts';
import { findBasis } from './probe/basis.ts';
import { acCycleOffer, biosOffer, bootOffer, secureBootOffer } from './probe/host.ts';
import { indicatorsOffer, logsOffer, managerOffer, mediaOffer } from './probe/manager.ts';
import type { Basis, Offers, Probe } from './probe/offers.ts';
import { ProbeReader } from './probe/place.ts';
import { accountsOffer, eventsOffer, sessionsOffer, tasksOffer, updateOffer } from './probe/services.ts';
import { quirksOf } from './quirks.ts';
import type { IsMeant } from './read/layout.ts';
import { type Gap, openReader, type Reader, throwPassing } from './read/reader.ts';
import { readText } from './read/values.ts';
import type { Session } from './session.ts';
import { readingOf, type SystemReading } from './system.ts';
import type { Json } from './transport.ts';

export type * from './probe/offers.ts';

/** How each section is found. */
const finders: { readonly [S in keyof Offers]: (place: ProbeReader) => Promise<Offers[S]> } = {
  sessions: sessionsOffer,
  boot: bootOffer,
  bios: biosOffer,
  secureBoot: secureBootOffer,
  update: updateOffer,
  accounts: accountsOffer,
  events: eventsOffer,
  media: mediaOffer,
  logs: logsOffer,
  indicators: indicatorsOffer,
  manager: managerOffer,
  acCycle: acCycleOffer,
  tasks: tasksOffer,
};

export const sections = Object.keys(finders) as (keyof Offers)[];

/** Rises when what is kept changes its meaning: what an older Farrier kept is found anew. */
const form = 2;

/** What is kept of a controller between activities, as plain data. */
export interface ProbeRecord {
  readonly form: number;
  readonly basis: Basis;
  readonly offers: Partial<Offers>;
}

/** Where it is kept. What is kept is known by the firmware version in its basis. */
export interface Memory {
  readonly kept: ProbeRecord | null;
  /** Keeps it in place of anything that is there. */
  keep(kept: ProbeRecord): Promise<void>;
  /** Adds one section, if what is there is of the same firmware. */
  add(section: keyof Offers, offer: unknown, basis: Basis): Promise<void>;
}

const nowhere: Memory = { kept: null, keep: async () => undefined, add: async () => undefined };

/** Firmware as seen over a login, and when. A controller that gets another one forgets its sessions, but not Basic. */
const checked = new WeakMap<object, { readonly firmware: string | null; readonly at: number }>();
/** Milliseconds that a look at the firmware holds: no controller is flashed faster than that twice. */
const checkedForMs = 120_000;

interface Opening {
  readonly memory?: Memory;
  /** Names one of several hosts. */
  readonly hostPath?: string | null;
  /** Tells which of several hosts is the machine's; what was found is kept. */
  readonly isMeant?: IsMeant;
}

/**
 * Opens the probe, and reads the system as it is now. With something kept that takes one request (and one more for the
 * firmware version the first time over a login); otherwise it takes those for systems and manager. What is kept is of
 * no use when the firmware is another one, or when the system is no longer where it was.
 */
export async function openProbe(
  session: Session,
  { memory = nowhere, hostPath = null, isMeant }: Opening = {},
): Promise<{ readonly probe: Probe; readonly system: SystemReading }> {
  const { kept } = memory;
  if (kept?.form === form) {
    const host = await known(session, kept.basis);
    if (host !== null) return opened(session, memory, kept, host);
  }
  const reader = await openReader(session);
  const { basis, host } = await findBasis(reader, hostPath, isMeant);
  const fresh: ProbeRecord = { form, basis, offers: {} };
  await memory.keep(fresh);
  checked.set(session.login(), { firmware: basis.firmware, at: performance.now() });
  return opened(session, memory, fresh, host);
}

function opened(session: Session, memory: Memory, kept: ProbeRecord, host: Json) {
  return { probe: new KeptProbe(session, memory, kept, host), system: readingOf(host, kept.basis) };
}

/** The system, if the controller is as it was kept; null when it has to be found anew. */
async function known(session: Session, { firmware, managerPath, systemPath }: Basis): Promise<Json | null> {
  try {
    const seen = checked.get(session.login());
    if (seen?.firmware !== firmware || performance.now() - seen.at > checkedForMs) {
      const now = managerPath === null ? null : readText((await session.get(managerPath)).FirmwareVersion);
      if (now !== firmware) return null;
      checked.set(session.login(), { firmware, at: performance.now() });
    }
    return await session.get(systemPath);
  } catch (error) {
    if (error instanceof RedfishError && error.kind === 'missing') return null;
    throw error;
  }
}

/** Sections that other settings change without another firmware: boot targets, by the BIOS (quirk 43). */
const changing: ReadonlySet<keyof Offers> = new Set(['boot']);

class KeptProbe implements Probe {
  readonly basis: Basis;
  readonly quirks;
  readonly #session: Session;
  readonly #memory: Memory;
  readonly #host: Json;
  #offers: Partial<Offers>;
  #place: Promise<ProbeReader> | null = null;
  #reader: Reader | null = null;

  constructor(session: Session, memory: Memory, { basis, offers }: ProbeRecord, host: Json) {
    this.basis = basis;
    this.quirks = quirksOf(basis.makers, readText(host.Model));
    this.#session = session;
    this.#memory = memory;
    this.#offers = offers;
    this.#host = host;
  }

  gaps(): readonly Gap[] {
    return this.#reader?.gaps ?? [];
  }

  async offer<S extends keyof Offers>(section: S): Promise<Offers[S]> {
    const known = this.#offers[section];
    if (known !== undefined) return known as Offers[S];
    this.#place ??= openReader(this.#session, [this.#host]).then((reader) => new ProbeReader(reader, this.basis));
    const place = await this.#place;
    this.#reader = place.reader;
    const before = place.reader.gaps.length;
    const found = await finders[section](place);
    const gaps = place.reader.gaps.slice(before);
    throwPassing(gaps);
    this.#offers = { ...this.#offers, [section]: found };
    // What is not offered may only be so for now: some show no BIOS before the first start.
    const some = Array.isArray(found) ? found.length > 0 : found !== null;
    if (some && gaps.length === 0 && !changing.has(section)) await this.#memory.add(section, found, this.basis);
    return found;
  }
}
