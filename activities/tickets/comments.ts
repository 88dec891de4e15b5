import { matchesChoice } from '../../domain/answers.ts';
import type { OutsideComment, OutsideTicket } from '../../integrations/tickets/system.ts';
import { answerIn, noteIn } from '../../integrations/tickets/text.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type Answerer, answerStep } from '../../mdb/people/answering.ts';
import type { Mirrored, MirrorRow } from '../../mdb/people/mirrors.ts';
import { keepIgnored, listNoted, noteTicket } from '../../mdb/people/people.ts';

const max = 2000;

/** Whoever said it over there, with the word that the route gives to that system. */
export function personOf(mirror: MirrorRow, name: string | null): Answerer {
  const known = (name ?? 'somebody').replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 60);
  return { class: 'user', name: `${known}@${mirror.adapter}`, role: mirror.role };
}

/** Takes comments over there for notes here, each once, and answers in them for answers. True when one was. */
export async function readComments(
  mdb: Mdb,
  mirror: MirrorRow,
  mirrored: Mirrored,
  there: OutsideTicket,
): Promise<boolean> {
  const said = there.comments.filter(({ text }) => noteIn(text) === null);
  const keys = new Map(said.map((comment) => [`${mirror.secretRef}:${there.id}:${comment.id}`, comment]));
  const noted = keys.size === 0 ? [] : await listNoted(mdb, [...keys.keys()]);
  let answered = false;
  for (const [key, comment] of keys) {
    if (noted.includes(key)) continue;
    // The answer goes first: cut off here, it is given once more and refused, where a note alone would lose it.
    answered = (await answerBy(mdb, mirror, mirrored, comment)) || answered;
    await noteComment(mdb, mirror, key, comment);
  }
  return answered;
}

async function answerBy(mdb: Mdb, mirror: MirrorRow, mirrored: Mirrored, comment: OutsideComment): Promise<boolean> {
  const answer = answerIn(comment.text);
  if (answer === null) return false;
  const person = personOf(mirror, comment.by);
  const answerable = mirrored.questions.filter(({ choices }) => matchesChoice(answer, choices));
  if (answerable.length === 0) {
    const why = `no open question of ticket ${mirror.ticketId} takes it`;
    const { machineId } = mirrored.ticket;
    await mdb.transaction((tx) => keepIgnored(tx, { machineId, why, answer: { answer, by: person.name } }));
    return false;
  }
  const taken = await Promise.all(answerable.map(({ id }) => answerStep(mdb, person, { step: id, answer })));
  return taken.some((one) => one === true);
}

async function noteComment(mdb: Mdb, mirror: MirrorRow, key: string, comment: OutsideComment): Promise<void> {
  const text = comment.text.replace(/[^\P{Cc}\n\t]+/gu, ' ').slice(0, max);
  const by = personOf(mirror, comment.by).name;
  await mdb.transaction((tx) => noteTicket(tx, { ticketId: mirror.ticketId, key, by, text, origin: 'outside' }));
}
