import type { Milliseconds } from './duration.ts';

/** Something that a person has to settle. */
export interface OperatorQuestion {
  /** Names the fault, e.g. `register/unknown-port`: one open ticket a machine and fault. */
  readonly fault: string;
  /** One sentence: what is wrong, with the device, port or machine it is about. */
  readonly reason: string;
  readonly choices: readonly string[];
  /** Team that it is for; the step's owner when absent. */
  readonly owner?: string;
  /** What an answer has to tell besides its choice, e.g. the serial number of a new part. */
  readonly schema?: AnswerSchema;
  /** Who may answer; operators and admins when absent. */
  readonly roles?: readonly ('operator' | 'admin')[];
  /** The answer that closing the ticket gives; `retry`, `done` or `restore` among the choices when absent. */
  readonly onClose?: string | null;
  /** Milliseconds until whoever is on call is notified too; a day when absent. */
  readonly deadline?: Milliseconds;
}

/** One thing that an answer tells, in words of JSON Schema. */
export interface AnswerField {
  readonly type: 'string' | 'number' | 'integer' | 'boolean';
  readonly description?: string;
  readonly enum?: readonly (string | number)[];
  /** A regular expression that the whole text must match. */
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What an answer has to tell besides its choice, e.g. the serial number of a part that was replaced. */
export interface AnswerSchema {
  readonly properties: Readonly<Record<string, AnswerField>>;
  readonly required?: readonly string[];
}
