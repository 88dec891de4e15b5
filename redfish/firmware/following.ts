import type { ActContext, Sent } from '../acts/definition.ts';
import { openReader } from '../read/reader.ts';
import { linkedPath, pathKey } from '../read/values.ts';
import { readTask, type TaskReading } from '../task.ts';

/** Paths of the tasks that the controller knows. */
export async function listTasks({ probe, session }: Pick<ActContext, 'probe' | 'session'>): Promise<string[]> {
  const offer = await probe.offer('tasks');
  if (!offer?.tasksPath) return [];
  const page = await (await openReader(session)).page(offer.tasksPath);
  return page?.members.flatMap((task) => linkedPath(task) ?? []) ?? [];
}

/**
 * The task that a command began: as its answer named it, or the only one that was not there before, where the answer
 * was lost. Where there is a job queue, the job of the same name is read: it outlives the task (quirk 54).
 */
export async function taskOfSent(context: ActContext, { before, answer }: Sent): Promise<TaskReading | null> {
  const named = typeof answer?.task === 'string' ? answer.task : await newTask(context, before.tasks);
  if (named === null) return null;
  const offer = await context.probe.offer('tasks');
  if (!offer?.jobsPath) return readTask(context.session, named);
  const job = await readTask(context.session, `${offer.jobsPath}/${named.split('/').at(-1)}`);
  return job.state === 'gone' ? readTask(context.session, named) : job;
}

async function newTask(context: ActContext, known: unknown): Promise<string | null> {
  const before = new Set(Array.isArray(known) ? known.map((path) => pathKey(String(path))) : []);
  const fresh = (await listTasks(context)).filter((path) => !before.has(pathKey(path)));
  return fresh.length === 1 ? (fresh[0] ?? null) : null;
}
