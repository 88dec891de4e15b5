import { RedfishError } from './errors.ts';
import { ownPath, text } from './links.ts';
import { messagesOf } from './messages.ts';
import { list } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json, RedfishResponse } from './transport.ts';

/**
 * How a task stands. `held`: it waits for a restart of the machine. `gone`: the controller knows it no more, which says
 * nothing about its end (quirks 54 and 58).
 */
export interface TaskReading {
  readonly state: 'running' | 'held' | 'succeeded' | 'failed' | 'gone';
  readonly percent: number | null;
  /** The controller's own words. */
  readonly words: string;
}

const ends: Readonly<Record<string, 'succeeded' | 'failed'>> = {
  completed: 'succeeded',
  // Partial success is a failure (quirk 54).
  completedwitherrors: 'failed',
  exception: 'failed',
  killed: 'failed',
  cancelled: 'failed',
  failed: 'failed',
  rebootfailed: 'failed',
  invalid: 'failed',
};

/** Waiting for the host's next start: a Redfish task that is pending, a vendor's job that is scheduled. */
const waiting = new Set([
  'pending',
  'scheduled',
  'rebootpending',
  'pendingreboot',
  'readyforexecution',
  'userintervention',
]);

/** Reads a task or a job, never its monitor: reading a monitor may delete the task (quirk 58). */
export async function readTask(session: Session, path: string): Promise<TaskReading> {
  try {
    return taskOf(await session.get(path));
  } catch (error) {
    if (!(error instanceof RedfishError) || error.kind !== 'missing') throw error;
    return { state: 'gone', percent: null, words: 'no longer known to the controller' };
  }
}

/** A closed list of ends, with everything else as still running: states unheard of are no failure (quirk 54). */
export function taskOf(task: Json): TaskReading {
  const state = text(task.TaskState) ?? text(task.JobState) ?? '';
  const status = text(task.TaskStatus) ?? text(task.JobStatus) ?? 'OK';
  const plain = state.toLowerCase().replace(/[^a-z]/g, '');
  const said = list(task.Messages).flatMap(({ Message, MessageId }) => text(Message) ?? text(MessageId) ?? []);
  const words = [`${state} with status ${status}`, ...said.slice(-1)].join(': ');
  const percent = typeof task.PercentComplete === 'number' ? task.PercentComplete : null;
  const end = ends[plain];
  if (end === undefined) return { state: waiting.has(plain) ? 'held' : 'running', percent, words };
  // A task that is Completed may have failed all the same (quirks 27 and 59).
  return { state: end === 'succeeded' && status.toUpperCase() !== 'OK' ? 'failed' : end, percent, words };
}

/** The task that an answer names, as a path to poll; null where it names none. Monitors are not taken for tasks. */
export function taskPath({ body, headers }: RedfishResponse): string | null {
  const own = text(body?.['@odata.id']);
  const { location } = headers;
  const named = typeof location === 'string' ? (URL.parse(location, 'http://controller')?.pathname ?? null) : null;
  const isTask = (path: string | null) => path !== null && /\/(Tasks|Jobs)\/[^/]+\/?$/i.test(path);
  const found = [own, named].find(isTask) ?? null;
  return found === null ? null : ownPath(found);
}

/** What else a controller said beside its success. */
export function remarkOf({ body }: RedfishResponse): string | null {
  return messagesOf(body)[0]?.text ?? null;
}
