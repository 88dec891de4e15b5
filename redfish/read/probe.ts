import { RedfishError } from '../errors.ts';
import type { Offers } from '../probe/offers.ts';
import { describeOffers, type OfferWords } from '../probe/table.ts';
import { openProbe, sections } from '../probe.ts';
import type { Session } from '../session.ts';
import type { AccountLimits } from './accounts.ts';
import { type ControllerReading, readControllers } from './controllers.ts';
import { type Identity, identityOf } from './identity.ts';
import { caseOf, readLayout } from './layout.ts';
import { type Gap, openReader } from './reader.ts';

/** Who a controller is and all that it offers, for people. */
export interface ProbeReport {
  readonly service: {
    readonly version: string | null;
    readonly vendor: string | null;
    readonly product: string | null;
    /** Whether it puts members into collections when asked to. */
    readonly expands: boolean;
  };
  readonly identity: Identity;
  readonly controllers: readonly ControllerReading[];
  readonly system: { readonly path: string; readonly power: string | null; readonly biosVersion: string | null };
  readonly resetTypes: readonly string[];
  readonly bootTargets: readonly string[];
  /** Capabilities by name, in words; null where the controller does not offer them. */
  readonly offers: OfferWords;
  /** The same as acts use it; a section that could not be read is missing, and reported as a gap. */
  readonly sections: Partial<Offers>;
  readonly limits: AccountLimits | null;
  /** Deviations that are allowed for, in words. */
  readonly quirks: readonly string[];
  readonly gaps: readonly Gap[];
}

/** Fails only when root or systems can't be read, or none can be reset. `hostPath` names one of several hosts. */
export async function probeController(session: Session, hostPath: string | null = null): Promise<ProbeReport> {
  const { probe, system } = await openProbe(session, { hostPath });
  const reader = await openReader(session);
  const layout = await readLayout(reader, hostPath ?? system.path);
  const controllers = await readControllers(reader, layout.host, layout.managers);
  const { offers, gaps } = await askAll(probe);
  return {
    service: { ...probe.basis.service, expands: probe.basis.expands },
    identity: identityOf(layout.host, caseOf(layout)),
    controllers,
    system: { path: system.path, power: system.power, biosVersion: system.biosVersion },
    resetTypes: system.resetTypes,
    bootTargets: offers.boot?.targets ?? [],
    offers: describeOffers(system.resetTypes, offers),
    sections: offers,
    limits: offers.accounts ?? null,
    quirks: probe.quirks.inForce,
    gaps: [...reader.gaps, ...gaps, ...probe.gaps()].filter(isFirst),
  };
}

type ProbedOffer = { readonly offers: Partial<Offers>; readonly gaps: readonly Gap[] };

async function askAll(probe: Awaited<ReturnType<typeof openProbe>>['probe']): Promise<ProbedOffer> {
  const offers: Record<string, unknown> = {};
  const gaps: Gap[] = [];
  for (const section of sections) {
    try {
      offers[section] = await probe.offer(section);
    } catch (error) {
      if (!(error instanceof RedfishError) || error.kind !== 'busy') throw error;
      gaps.push({ path: section, kind: error.kind, reason: error.message, passing: true });
    }
  }
  return { offers: offers as Partial<Offers>, gaps };
}

function isFirst(gap: Gap, place: number, all: readonly Gap[]): boolean {
  return all.findIndex(({ path, reason }) => path === gap.path || reason === gap.reason) === place;
}
