import type { Held } from '../../domain/question.ts';

/** A controller that must not be talked to, or whose answer has to be looked at by a person. */
export class HeldError extends Error {
  override readonly name = 'HeldError';
  readonly held: Held;

  constructor(fault: string, reason: string, choices: readonly string[] = ['retry', 'skip', 'abandon']) {
    super(reason);
    this.held = { fault: `configure/${fault}`, reason, choices };
  }
}
