import { condition } from '@temporalio/workflow';
import type { Steering } from '../../contract/machine.ts';
import type { PassageReference } from '../../contract/passage.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { passageActivities } from '../proxies.ts';
import type { Inbox } from './inbox.ts';
import { Recall } from './recall.ts';

/** Between two reminders, in milliseconds. */
const reminderMs = 24 * 60 * 60_000;

/**
 * A person does the rest of a passage by hand, while it waits on for what the machine reports and begins nothing. They
 * say when it is done, give it up, or hand it back, and then it goes on where it stood.
 */
export class Takeover {
  /** How the person ended what they had taken over. */
  ended: 'done' | 'abandon' | null = null;
  /** What an earlier run of the passage left. */
  recall = new Recall([], undefined);
  private readonly inbox: Inbox;
  private readonly order: PassageReference;
  private count = 0;

  constructor(inbox: Inbox, order: PassageReference) {
    this.inbox = inbox;
    this.order = order;
  }

  open(): void {
    this.mind().catch((error: unknown) => {
      this.inbox.note(`takeover: ${String(error)}`);
      this.inbox.takenOver = null;
    });
  }

  /** Whoever takes over while a question is open answers that first. */
  private async mind(): Promise<void> {
    const { inbox } = this;
    for (;;) {
      await condition(() => inbox.takenOver !== null && inbox.question === null);
      if (inbox.takenOver !== null) await this.watch(inbox.takenOver);
    }
  }

  private async watch({ by, reason }: Steering): Promise<void> {
    const { inbox, order } = this;
    const { step } = inbox;
    this.count += 1;
    const question: OperatorQuestion = {
      fault: 'takeover',
      reason: `${by} does the rest of this ${order.passage} by hand: ${reason}`,
      choices: ['done', 'hand-back', 'abandon'],
    };
    const known = this.recall.takeTakeover();
    const id = known?.id ?? `${order.orderId}:takeover:${this.recall.questionCount + this.count}`;
    inbox.pose({ id, question: known?.question.reason ?? question.reason, choices: question.choices, owner: by });
    await passageActivities.openHumanStep({ ...order, ...question, id, step, owner: by, remindAfter: reminderMs });
    inbox.cover('person');
    const end = await this.awaitEnd(id);
    inbox.question = null;
    await passageActivities.closeHumanStep({ ...order, id, step, ...end });
    if (end.answer === 'done' || end.answer === 'abandon') {
      this.ended = end.answer;
      inbox.cancelled ??= { orderId: order.orderId, by: end.by, reason: question.reason };
    }
    inbox.cover(null);
    inbox.takenOver = null;
  }

  private async awaitEnd(id: string): Promise<{ answer: string; by: string }> {
    const { inbox } = this;
    for (;;) {
      const received = await inbox.awaitHandBack(reminderMs);
      if (received === 'late') await passageActivities.remindHumanStep({ ...this.order, id });
      else if (received === 'back') return { answer: 'hand-back', by: 'resume' };
      else if (received === 'cancelled') return { answer: 'cancelled', by: inbox.cancelled?.by ?? 'nobody' };
      else return { answer: received.answer.answer, by: received.answer.by };
    }
  }
}
