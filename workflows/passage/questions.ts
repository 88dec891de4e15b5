import type { Answer } from '../../contract/machine.ts';
import type { OperatorAnswer } from '../../contract/passage.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { shortened } from '../messages.ts';
import { passageActivities } from '../proxies.ts';
import { BootedAnew, failed, Leave } from './result.ts';
import type { Run } from './run.ts';

/** Between two reminders of a question, in milliseconds. */
const reminderMs = 24 * 60 * 60_000;
/** Answers that were not taken and are written down, in one passage. */
const maxKept = 100;

/** The passage's questions to people. */
export class Questions {
  private readonly run: Run;
  /** How many were asked; each has a number of its own. */
  count = 0;
  private kept = 0;
  private keeping = 0;

  constructor(run: Run) {
    this.run = run;
  }

  /** Whether an answer is still being written down. */
  get isKeeping(): boolean {
    return this.keeping > 0;
  }

  /**
   * Asks a person and waits, reminding once a day. `abandon` and a cancel leave the passage; a machine that boots anew
   * while it is held answers the question by itself, since whoever mended it has power-cycled it. `row`: the step whose
   * row is held, where that is not the one that runs.
   */
  async ask(question: OperatorQuestion, row = this.run.step.name): Promise<OperatorAnswer> {
    const { run } = this;
    // Who has taken the passage over has its one question open.
    await run.gate.pass();
    // Nobody is asked about what was called off.
    if (run.cancelled) throw run.leaving();
    const known = run.recall.takeQuestion(row, question);
    if (known?.answer) return settled(known.answer);
    await this.closeLeft();
    if (known === null) this.count += 1;
    const id = known?.id ?? `${run.order.orderId}:${row}:${this.count}`;
    const owner = question.owner ?? run.step.owner;
    const requests = { ...run.order, ...question, id, step: row, owner, remindAfter: reminderMs };
    await run.gate.pass();
    await passageActivities.openHumanStep(requests);
    const { reason, choices, schema } = question;
    run.inbox.pose({ id, question: reason, choices, owner, ...(schema && { schema }) });
    run.inbox.setStatus(row, run.state.stage, 'person', null);
    try {
      return settled(await this.awaitAnswer(id, row, Math.min(question.deadline ?? reminderMs, reminderMs)));
    } finally {
      run.inbox.question = null;
    }
  }

  /** `firstMs` ends with the first reminder, which past the deadline goes to whoever is on call too. */
  private async awaitAnswer(id: string, step: string, firstMs: number): Promise<OperatorAnswer> {
    const { run } = this;
    const close = (answer: OperatorAnswer) => passageActivities.closeHumanStep({ ...run.order, id, step, ...answer });
    for (let wait = firstMs; ; wait = reminderMs) {
      const received = await run.inbox.awaitAnswer(wait, run.mayBoot);
      if (received === 'late') {
        await passageActivities.remindHumanStep({ ...run.order, id });
      } else if (received === 'cancelled') {
        await close({ answer: 'cancelled', by: run.inbox.cancelled?.by ?? 'nobody' });
        throw run.leaving();
      } else if ('rebooted' in received) {
        await close({ answer: 'rebooted', by: run.order.machineId });
        throw new BootedAnew(received.rebooted);
      } else {
        const answer = givenBy(received.answer);
        await close(answer);
        return answer;
      }
    }
  }

  /** Closes the questions of an earlier run that this one was not led to again: nobody can answer them. */
  async closeLeft(): Promise<void> {
    const { run } = this;
    if (!run.recall.hasLeft) return;
    for (const { id, step, question: held } of run.recall.takeLeft())
      if (held.fault !== 'takeover' || run.inbox.takenOver === null)
        await passageActivities.closeHumanStep({ ...run.order, id, step, answer: 'no longer asked', by: 'farrier' });
  }

  /** Writes down an answer that was not taken. Anybody with the stock CLI may send one, so their number is bounded. */
  keepIgnored(why: string, message: unknown): void {
    const { run } = this;
    if (this.kept === maxKept) return;
    this.kept += 1;
    this.keeping += 1;
    passageActivities
      .keepIgnored({ ...run.order, why, answer: shortened(message) })
      .catch((error: unknown) => run.note(`an ignored answer was not written down: ${String(error)}`))
      .finally(() => {
        this.keeping -= 1;
      });
  }
}

function settled(answer: OperatorAnswer): OperatorAnswer {
  if (answer.answer === 'abandon') throw new Leave(failed(`abandoned by ${answer.by}`));
  return answer;
}

function givenBy({ answer, by, note, data }: Answer): OperatorAnswer {
  return { answer, by, ...(note !== undefined && { note }), ...(data && { data }) };
}
