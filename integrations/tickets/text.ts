/** What stands in tickets and comments. Pure. */
import { createHash } from 'node:crypto';

/** What a ticket is found again by: letters, digits and a dash, which every system takes in a label. */
export function markerOf(ticketId: string): string {
  return `farrier-${createHash('sha256').update(ticketId).digest('hex').slice(0, 16)}`;
}

/** The text of a ticket with its marker, for systems that drop the field or label that it is searched by. */
export function signTicket(text: string, marker: string): string {
  return `${text}\n\n[farrier ticket ${marker}]`;
}

/** Whether a text is that of the ticket with this marker. */
export function isTicket(text: string | null | undefined, marker: string): boolean {
  return text?.includes(`[farrier ticket ${marker}]`) ?? false;
}

const ownNote = /\[farrier note (\d{1,15})\]\s*$/;

/** A comment of ours says which note it is, so that it is neither made twice nor taken for somebody's word. */
export function signNote(text: string, id: number): string {
  return `${text}\n\n[farrier note ${id}]`;
}

/** Which note of ours a comment is; null for somebody's word. */
export function noteIn(comment: string): number | null {
  const match = ownNote.exec(comment);
  return match ? Number(match[1]) : null;
}

/** The answer in a comment that begins `/farrier <answer>`; null in any other. */
export function answerIn(comment: string): string | null {
  return /^\/farrier[ \t]+(\S{1,200})[ \t]*(?:\r?\n|$)/.exec(comment)?.[1] ?? null;
}

/**
 * Text of machines and people as it is, in Markdown: within a fence no mark-up, mention, reference or command of a
 * ticket system has a meaning. The fence is longer than any in the text.
 */
export function fence(text: string): string {
  const max = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const ticks = '`'.repeat(max + 1);
  return `${ticks}text\n${text}\n${ticks}`;
}

/** Text for ServiceNow, whose journals show what stands between `[code]` as HTML. */
export function uncode(text: string): string {
  return text.replace(/\[(\/?)code\]/gi, '[$1 code]');
}

/** One line of a title. */
export function titled(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

export interface TicketFacts {
  readonly machineId: string;
  readonly hostname: string | null;
  readonly place: string | null;
  readonly fault: string;
  readonly body: string;
  readonly openedAt: Date;
  readonly questions: readonly {
    readonly id: string;
    readonly question: string;
    readonly choices: readonly string[];
    readonly onClose: string | null;
  }[];
}

/** The body of a mirrored ticket: what is wrong, with what, and how to answer. */
export function writeBody(facts: TicketFacts): string {
  const { machineId, hostname, place, fault, body, openedAt, questions } = facts;
  const head = [
    body,
    '',
    `machine: ${hostname === null ? machineId : `${hostname} (${machineId})`}`,
    ...(place === null ? [] : [`place: ${place}`]),
    `fault: ${fault}`,
    `since: ${openedAt.toISOString()}`,
  ];
  return [...head, ...questions.flatMap(writeQuestion)].join('\n');
}

function writeQuestion({ id, question, choices, onClose }: TicketFacts['questions'][number]): string[] {
  return [
    '',
    `question: ${question}`,
    `answers: ${choices.join(', ')}`,
    `answer with: farrier step answer ${id} ANSWER`,
    'or with a comment here that begins: /farrier ANSWER',
    onClose === null ? 'closing this ticket answers nothing' : `closing this ticket answers: ${onClose}`,
  ];
}
