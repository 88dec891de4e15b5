/** What a controller offers, in a few words each: for people, and for the table of families in the documentation. */
import { chooseReset } from '../power.ts';
import type { ActionOffer, Offers } from './offers.ts';

/** Names of capabilities, and the words on them; null where the controller does not offer it or it isn't known. */
export type OfferWords = Readonly<Record<string, string | null>>;

/** Pure. `offers` may lack what could not be read. */
export function describeOffers(resetTypes: readonly string[], offers: Partial<Offers>): OfferWords {
  return { ...describeHost(resetTypes, offers), ...describeController(offers) };
}

function describeHost(resetTypes: readonly string[], { boot, bios, secureBoot, acCycle }: Partial<Offers>): OfferWords {
  const specs = ['on', 'shutdown', 'off', 'restart', 'cycle'] as const;
  const met = resetTypes.length === 0 ? [] : specs.filter((spec) => chooseReset(spec, resetTypes) !== null);
  return {
    power: met.length > 0 ? met.join(', ') : null,
    'boot once': boot ? bootWords(boot) : null,
    'boot order': boot?.orderPath ? 'yes' : null,
    'BIOS settings': bios?.settingsPath ? timesOf(bios.applyTimes) : null,
    'BIOS reset': bios?.reset ? 'yes' : null,
    'Secure Boot': secureBoot ? (secureBoot.resetKeys ? 'on, off, keys' : 'on, off') : null,
    'AC cycle': acCycle ? (acCycle.offFirst ? 'off first' : 'yes') : null,
  };
}

function bootWords({ targets, hasMode }: Offers['boot']): string | null {
  const network = ['Pxe', 'UefiHttp'].filter((name) => targets.includes(name));
  return network.length === 0 ? null : `${network.join(', ')}${hasMode ? '' : ', no mode'}`;
}

function timesOf(times: readonly string[]): string {
  return times.includes('OnReset') ? 'with an apply time' : 'yes';
}

function describeController(offers: Partial<Offers>): OfferWords {
  const { sessions, accounts, update, events, media = [], logs = [], indicators = [], manager, tasks } = offers;
  return {
    sessions: sessions ? 'yes' : null,
    passwords: accounts ? `${accounts.shortestPassword ?? 0} to ${accounts.maxPassword ?? '?'}` : null,
    'lock-out': accounts?.lockoutAfter ? `${accounts.lockoutAfter} / ${accounts.lockoutFor ?? '?'} s` : null,
    firmware: update ? updateWords(update) : null,
    events: events?.subscriptionsPath ? (events.streamPath ? 'push, stream' : 'push') : null,
    'virtual media': media.length > 0 ? `${media.length} ${ways(media.map(({ insert }) => insert))}` : null,
    logs: logs.length > 0 ? `${logs.length}, ${logs.filter(({ clear }) => clear !== null).length} clearable` : null,
    light: indicators[0]?.property ?? null,
    'own reset': manager?.reset ? 'yes' : null,
    console: manager?.console ? consoleWords(manager.console) : null,
    tasks: tasks ? (tasks.jobsPath ? 'tasks, jobs' : 'tasks') : null,
  };
}

function ways(inserts: readonly (ActionOffer | null)[]): string {
  return inserts.some((insert) => insert !== null) ? 'by action' : 'by PATCH';
}

function updateWords({ simple, multipart, push, start, maxBytes }: NonNullable<Offers['update']>): string | null {
  const some = [simple && 'by address', multipart && 'multipart', push && 'push', start && 'start apart'].filter(
    Boolean,
  );
  if (some.length === 0) return null;
  return `${some.join(', ')}${maxBytes === null ? '' : ` up to ${Math.round(maxBytes / 2 ** 20)} MiB`}`;
}

function consoleWords({ ssh, ipmi }: { readonly ssh: { port: number } | null; readonly ipmi: object | null }): string {
  return [ssh && (ssh.port === 22 ? 'SSH' : `SSH ${ssh.port}`), ipmi && 'IPMI'].filter(Boolean).join(', ');
}
