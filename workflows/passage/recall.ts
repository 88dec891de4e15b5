import type { OperatorAnswer } from '../../contract/passage.ts';
import type { Past, PastAct, PastQuestion } from '../../contract/past.ts';
import type { ActKind } from '../../domain/acts.ts';

/** Answers that only said to go on waiting or trying: whoever asks again asks anew. */
const passing: ReadonlySet<string> = new Set(['retry', 'wait', 'cancelled', 'rebooted']);

/**
 * What an earlier run of the passage left, whose workflow was lost: where it stood, what it had sent, asked and been
 * answered. Empty, and without effect, for a passage that begins. Pure.
 */
export class Recall {
  /** Whether the passage was begun before. */
  readonly again: boolean;
  readonly past: Past | null;
  /** How many acts and questions have a number. */
  readonly acted: number;
  readonly questionCount: number;
  private readonly steps: readonly string[];
  private goal: string | null;
  private acts: PastAct[];
  private questions: PastQuestion[];

  constructor(steps: readonly string[], past: Past | undefined, orderId = '') {
    this.past = past ?? null;
    this.again = past !== undefined;
    this.steps = steps;
    this.goal = past === undefined ? null : (past.at ?? this.lastOf(past.ended));
    // What was sent for steps that are over has had its say.
    this.acts = (past?.acts ?? []).filter(({ step }) => this.place(step) >= this.place(this.goal));
    this.questions = [...(past?.questions ?? [])];
    this.acted = Math.max(
      0,
      ...(past?.acts ?? []).map(({ id }) => Number(id.slice(orderId.length).split(':').at(-1)) || 0),
    );
    this.questionCount = past?.questionCount ?? 0;
  }

  /** The step at which it goes on; null for the first, and once it is there. */
  get at(): string | null {
    return this.goal;
  }

  /** Whether that step was over before, so that it is passed by. */
  isPast(step: string): boolean {
    return this.goal !== null && this.place(step) < this.place(this.goal);
  }

  /** It stands at that step: from here on nothing is passed by any more. */
  reach(step: string): void {
    if (this.goal !== null && this.place(step) >= this.place(this.goal)) this.goal = null;
  }

  /** The earliest act of that kind and with those parameters that was not taken up yet; null when it was never sent. */
  takeAct(kind: ActKind, parameters: object | undefined): PastAct | null {
    const index = this.acts.findIndex((act) => act.kind === kind && isSame(act.parameters ?? {}, parameters ?? {}));
    return index < 0 ? null : (this.acts.splice(index, 1)[0] ?? null);
  }

  /** Whether an act of that kind was sent, of those parameters where they are given. */
  hasAct(kind: ActKind, parameters?: object): boolean {
    return this.acts.some((act) => act.kind === kind && (!parameters || isSame(act.parameters ?? {}, parameters)));
  }

  /** The same question of before: one that is open goes on, and a person's word on it stands. */
  takeQuestion(step: string, asks: { readonly fault: string; readonly reason: string }): Known | null {
    const same = this.questions.findIndex(
      ({ step: at, question, answer }) =>
        at === step &&
        question.fault === asks.fault &&
        (answer === null || (question.reason === asks.reason && stands(answer))),
    );
    const [known] = same < 0 ? [] : this.questions.splice(same, 1);
    return known ? { id: known.id, answer: known.answer } : null;
  }

  /** The open question of a person who had taken the passage over. */
  takeTakeover(): PastQuestion | null {
    const index = this.questions.findIndex(({ question, answer }) => question.fault === 'takeover' && answer === null);
    return index < 0 ? null : (this.questions.splice(index, 1)[0] ?? null);
  }

  /** The question that was open at that step, to be asked again as it was; null when there was none. */
  openAt(step: string): PastQuestion | null {
    return this.questions.find((one) => one.step === step && one.answer === null) ?? null;
  }

  /** Open questions that nothing has led to again; none is left after this. */
  takeLeft(): PastQuestion[] {
    const left = this.questions.filter(({ answer }) => answer === null);
    this.questions = this.questions.filter(({ answer }) => answer !== null);
    return left;
  }

  get hasLeft(): boolean {
    return this.questions.some(({ answer }) => answer === null);
  }

  private place(step: string | null): number {
    return step === null ? 0 : Math.max(0, this.steps.indexOf(step));
  }

  private lastOf(ended: readonly string[]): string | null {
    return this.steps.findLast((step) => ended.includes(step)) ?? null;
  }
}

export interface Known {
  readonly id: string;
  readonly answer: OperatorAnswer | null;
}

/** Whether a person gave that answer, and it settled something. */
function stands({ answer, by }: OperatorAnswer): boolean {
  return by !== 'farrier' && !passing.has(answer);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one, sorted) === JSON.stringify(other, sorted);
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
