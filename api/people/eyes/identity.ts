/** What takes a second person because something is taken for a machine that it may not be. */
import type { Mdb } from '../../../mdb/connect.ts';
import { readTrust } from '../../../mdb/controllers/release.ts';
import { listQuestions } from '../../../mdb/people/tickets.ts';
import { mustFind } from '../names.ts';
import { type Eyes, jsonOf, line } from './eyes.ts';

interface OfMachine<Body> {
  readonly params: { readonly name: string };
  readonly body: Body;
  readonly mdb: Mdb;
}

/** A controller that showed another certificate or identity is trusted again. */
export async function eyesOfController({
  params: { name },
  body: { newCertificate },
  mdb,
}: OfMachine<{ readonly newCertificate: boolean }>): Promise<Eyes | null> {
  const machineId = await mustFind(mdb, name);
  const bmc = await readTrust(mdb, machineId);
  if (!bmc || bmc.quarantine === null || (bmc.quarantineFor === 'credentials' && !newCertificate)) return null;
  return {
    ...{ acts: ['identity'], what: `trust in the controller of ${name} again`, machineIds: [machineId] },
    plan: [
      line(`trust the controller at ${bmc.origin} again, which was shut out: ${bmc.quarantine}`),
      ...(newCertificate ? [line(`forget the key of its certificate, ${bmc.pin}, and take the next one`)] : []),
    ],
  };
}

/** A controller that shows too little is taken for the machine's own. */
export async function eyesOfVouching({ params: { name }, mdb }: OfMachine<unknown>): Promise<Eyes | null> {
  const machineId = await mustFind(mdb, name);
  const bmc = await readTrust(mdb, machineId);
  if (!bmc) return null;
  return {
    ...{ acts: ['identity'], what: `the controller of ${name} as its own`, machineIds: [machineId] },
    plan: [line(`take the controller at ${bmc.origin}, MAC ${bmc.mac ?? 'unknown'}, for that of ${machineId}`)],
  };
}

/** Answers by which a machine, a board or disks are taken for what they did not look like, by the fault that was asked about. */
const admitting: Readonly<Record<string, string>> = {
  'register/disks-changed': 'accept',
  'clean/identity': 'erase',
  'rack/newcomer': 'same-machine',
  'repair/board': 'accept',
};

interface OfStep {
  readonly params: { readonly id: string };
  readonly body: { readonly answer: string; readonly data?: unknown };
  readonly mdb: Mdb;
}

export async function eyesOfAnswer({ params: { id }, body: { answer, data }, mdb }: OfStep): Promise<Eyes | null> {
  return eyesOfAnswers(mdb, { stepId: id }, answer, data);
}

interface OfTicket {
  readonly params: { readonly id: string };
  readonly body: { readonly answer?: string | undefined };
  readonly mdb: Mdb;
}

/** Whoever closes a ticket answers what hangs on it. */
export async function eyesOfClosing({ params: { id }, body: { answer }, mdb }: OfTicket): Promise<Eyes | null> {
  return eyesOfAnswers(mdb, { ticketId: id }, answer, null);
}

async function eyesOfAnswers(
  mdb: Mdb,
  which: { readonly stepId: string } | { readonly ticketId: string },
  answer: string | undefined,
  data: unknown,
): Promise<Eyes | null> {
  const questions = await listQuestions(mdb, which);
  const admitted = questions.filter(({ fault, onClose }) => admitting[fault] === (answer ?? onClose));
  const [first] = admitted;
  if (!first) return null;
  return {
    ...{ acts: ['identity'], what: `${answer ?? first.onClose} for ${first.machineId}`, machineIds: [first.machineId] },
    plan: admitted.map(({ question, onClose }) =>
      line(`answer ${answer ?? onClose}${data ? ` with ${jsonOf(data)}` : ''} to: ${question}`),
    ),
  };
}
