import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { CampaignActivities } from '../activities/campaign/index.ts';
import { attributes } from '../contract/attributes.ts';
import {
  type CampaignInput,
  type CampaignStatus,
  type CampaignSteering,
  type CampaignSummary,
  campaignSignals,
  type SteeringKind,
} from '../contract/campaign.ts';
import { queries } from '../contract/machine.ts';
import type { CampaignProgress, Canary } from '../domain/campaign/campaign.ts';
import type { Passage } from '../domain/machine.ts';
import { isObject, isText } from './messages.ts';
import { rootMessage } from './passage/failure.ts';
import { observing } from './proxies.ts';

// Transactions on the MDB, one for each order that is placed; repeated, they find what was done.
const { progressCampaign, haltCampaign, steerCampaign } = proxyLocalActivities<CampaignActivities>({
  startToCloseTimeout: '1 minute',
  localRetryThreshold: '30 seconds',
  retry: { initialInterval: '250 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
});

/** The end of an order is sent; a message that was lost is made up for by a look this often, in milliseconds. */
const slowLookMs = 10 * 60_000;
const keptNotes = 20;
// Below the server's 10,000 signals a run.
const maxSignals = 5000;

/**
 * One order over many machines. Everything is in the MDB: each round reads how its orders ended, decides, and places the
 * next ones, so that messages only wake it, and a run hands nothing on to the next.
 */
export async function campaign(input: CampaignInput): Promise<CampaignSummary> {
  const run = new Definition(input);
  run.open();
  for (;;) {
    const progress = await run.tryProgress();
    if (progress === 'failed') continue;
    if (progress === null || progress.phase === 'ended') {
      await condition(allHandlersFinished);
      return { state: progress?.state ?? 'cancelled', counts: progress?.counts ?? nobody };
    }
    await run.rest(progress);
    if (run.isLong()) {
      await condition(() => run.settled());
      await continueAsNew<typeof campaign>(run.carry());
    }
  }
}

const nobody = { planned: 0, ordered: 0, done: 0, failed: 0, skipped: 0, cancelled: 0 };

class Definition {
  private readonly input: CampaignInput;
  private readonly ignored: string[];
  private readonly requests: { readonly how: SteeringKind | 'start'; readonly steering: CampaignSteering }[] = [];
  private wakes = 0;
  private taken = 0;
  private rounds = 0;
  private healthy = false;
  private last: CampaignProgress | null = null;
  private since = new Date().toISOString();

  constructor(input: CampaignInput) {
    this.input = input;
    this.ignored = [...(input.ignored ?? [])];
  }

  open(): void {
    setHandler(defineSignal<[unknown]>(campaignSignals.wake), () => this.wake());
    for (const how of ['start', 'pause', 'resume', 'cancel'] as const)
      setHandler(defineSignal<[unknown]>(campaignSignals[how]), (message) => this.steer(how, message));
    setHandler(defineQuery<CampaignStatus | null>(queries.status), () => this.status());
  }

  private wake(): void {
    this.wakes += 1;
    this.taken += 1;
  }

  private steer(how: SteeringKind | 'start', message: unknown): void {
    this.wake();
    const steering = readSteering(how, message);
    if (typeof steering === 'string') this.note(`${how}: ${steering}`);
    else this.requests.push({ how, steering });
  }

  private note(text: string): void {
    this.ignored.push(text);
    if (this.ignored.length > keptNotes) this.ignored.shift();
  }

  /** A round that can't be made halts the campaign, with the reason, and is made again when somebody says more, or later. */
  async tryProgress(): Promise<CampaignProgress | null | 'failed'> {
    try {
      return await this.progress();
    } catch (error) {
      await this.failed(error);
      return 'failed';
    }
  }

  private async failed(error: unknown): Promise<void> {
    if (!(error instanceof ActivityFailure)) throw error;
    const why = `Farrier failed at it: ${rootMessage(error)}`;
    this.note(why);
    setCurrentDetails(why);
    await haltCampaign({ campaignId: this.input.campaignId, why }).catch((halted: unknown) => {
      if (!(halted instanceof ActivityFailure)) throw halted;
    });
    const { wakes } = this;
    await condition(() => this.wakes !== wakes, slowLookMs);
  }

  /** What people asked first, then one round. */
  async progress(): Promise<CampaignProgress | null> {
    const { campaignId } = this.input;
    for (let next = this.requests.shift(); next !== undefined; next = this.requests.shift()) {
      const refused = await steerCampaign({ campaignId, how: next.how, ...next.steering });
      if (refused !== null) this.note(`${next.how}: ${refused}`);
    }
    this.rounds += 1;
    this.wakes = 0;
    const progress = await progressCampaign({ campaignId, now: Date.now(), healthy: this.healthy });
    this.healthy = false;
    if (progress !== null) this.show(progress);
    return progress;
  }

  /** Until there may be something to do; canaries that have to stay healthy are looked at. */
  async rest(progress: CampaignProgress): Promise<void> {
    if (progress.canaries.length > 0) return this.lookAt(progress);
    if (progress.more || this.requests.length > 0) return;
    const until = Math.min(progress.until ?? Number.POSITIVE_INFINITY, Date.now() + slowLookMs);
    await condition(() => this.wakes > 0, Math.max(1, until - Date.now()));
  }

  private async lookAt({ canaries, passage }: CampaignProgress): Promise<void> {
    const { campaignId } = this.input;
    const seen = await Promise.all(canaries.map((canary) => lookAtOne(passage, canary)));
    const sick = seen.find((one) => one !== null);
    if (sick) {
      const halted = haltCampaign({ campaignId, why: `a canary is unwell: ${sick}` });
      await halted.catch((error: unknown) => this.failed(error));
    }
    this.healthy = !sick;
  }

  isLong(): boolean {
    const { max } = this.input;
    return (
      workflowInfo().continueAsNewSuggested || this.taken > maxSignals || (max !== undefined && this.rounds >= max)
    );
  }

  settled(): boolean {
    return allHandlersFinished();
  }

  carry(): CampaignInput {
    const { campaignId, max } = this.input;
    return { campaignId, ...(max !== undefined && { max }), ignored: this.ignored };
  }

  private show(progress: CampaignProgress): void {
    const { last } = this;
    this.last = progress;
    setCurrentDetails(describeProgress(this.input.campaignId, progress));
    if (last?.phase === progress.phase && last.waitingOn === progress.waitingOn) return;
    this.since = new Date().toISOString();
    upsertSearchAttributes([
      { key: attributes.passage, value: progress.passage },
      { key: attributes.step, value: progress.phase },
      { key: attributes.waitingOn, value: progress.waitingOn },
    ]);
  }

  private status(): CampaignStatus | null {
    if (this.last === null) return null;
    const { canaries: _canaries, more: _more, until, ...rest } = this.last;
    const next = until === null ? null : new Date(until).toISOString();
    return { campaignId: this.input.campaignId, ...rest, until: next, since: this.since, ignored: this.ignored };
  }
}

/** Why the machine is not well, in a sentence; null when it is. */
async function lookAtOne(passage: Passage, { machineId, siteId, orderId }: Canary): Promise<string | null> {
  try {
    const health = await observing(siteId).checkHealth({ machineId, siteId, orderId, passage, since: null });
    return health.healthy ? null : `${machineId}: ${health.seen}`;
  } catch (error) {
    return `${machineId} could not be looked at: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function describeProgress(id: string, { state, phase, counts, why, timeLeft }: CampaignProgress): string {
  const tallies = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  const left = timeLeft === null ? '' : `\n\nAbout ${Math.ceil(timeLeft / 60)} minutes are left.`;
  return `**${state}**, phase ${phase}: ${why}\n\n${tallies.join(', ')}${left}\n\n\`farrier campaign show ${id}\``;
}

function readSteering(how: SteeringKind | 'start', message: unknown): CampaignSteering | string {
  if (!isObject(message)) return 'not an object like {"by": …, "reason": …}';
  const { by, reason, stop, plan } = message;
  if (!isText(by) || !isText(reason)) return 'by and reason must be non-empty strings';
  if (how !== 'start') return { by, reason, ...(stop === true && { stop }) };
  return isText(plan) ? { by, reason, plan } : 'plan must be the hash of the plan that was reviewed';
}
