import type { OperatorQuestion } from '../../domain/question.ts';

/** A controller that must not be talked to, or whose answer has to be looked at by a person. */
export class QuestionError extends Error {
  override readonly name = 'HeldError';
  readonly question: OperatorQuestion;

  constructor(fault: string, reason: string, choices: readonly string[] = ['retry', 'skip', 'abandon']) {
    super(reason);
    this.question = { fault: `configure/${fault}`, reason, choices };
  }
}
