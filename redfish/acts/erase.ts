import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { findDrives, operationOf } from '../drives.ts';
import { readTask, taskPath } from '../task.ts';
import { type ActContext, type ActDefinition, notDone, type Observation, type Plain, type Sent } from './definition.ts';

/**
 * Erases one drive, named by its serial number, by the controller. The evidence is the end of its task; it is still the
 * controller's word, so the disk's own proof, taken from within, comes after it (quirk 65). A method that the drive does
 * not list is refused, and never replaced by another.
 */
export const eraseDrive: ActDefinition<ActParameters['erase-drive']> = {
  parameters: z.strictObject({
    serial: z.string().min(1).max(128),
    method: z.enum(['BlockErase', 'CryptographicErase', 'Overwrite']).exactOptional(),
    approvedBy: z.string().min(1).max(200),
  }),
  plan: async (context, { serial, method, approvedBy }) => {
    const { session, system } = context;
    const drives = await findDrives(session, system.path, serial);
    const [drive, ...others] = drives;
    if (!drive) return notDone(`the controller shows no drive with the serial number ${serial}`);
    if (others.length > 0) return notDone(`${drives.length} drives show the serial number ${serial}`);
    const { erase, path, model, operation } = drive;
    if (erase === null) return notDone(`the controller can't erase ${model ?? 'the drive'} at ${path}`);
    if (operation !== null) return notDone(`the drive is busy: ${operation}`);
    if (method !== undefined && !erase.methods.includes(method))
      return notDone(
        `${method} is not among what it offers for this drive: ${erase.methods.join(', ') || 'it lists none'}`,
      );
    const body = {
      ...(method !== undefined && { SanitizationType: method }),
      ...(erase.applyTimes.includes('Immediate') && { '@Redfish.OperationApplyTime': 'Immediate' }),
    };
    return {
      command: { at: erase.target, drive: path, serial, method: method ?? 'its own choice', approvedBy },
      before: {},
      send: async () => ({ task: taskPath(await session.write('POST', erase.target, body)) }),
    };
  },
  observe: observeErasure,
  watch: { totalMs: 60_000, intervalMs: 5000 },
  // Within the limits of the activity; what then still runs is looked at again when somebody asks.
  follow: { totalMs: 7_200_000, intervalMs: 30_000 },
};

/** Sent by now and then: an erasure takes hours, which is why it is looked after by `settle`. */
async function observeErasure({ session }: ActContext, { command, answer }: Sent): Promise<Observation> {
  const { serial, method } = command;
  const path = typeof answer?.task === 'string' ? answer.task : null;
  const running = operationOf(await session.get(String(command.drive)));
  if (path === null)
    return { state: 'unknown', observed: `no task to follow; ${running ?? 'the drive shows nothing under way'}` };
  const task = await readTask(session, path);
  const facts: Plain = { serial, method, task: path, words: task.words };
  if (task.state === 'failed') return { state: 'not_done', observed: `erasing ${serial} failed: ${task.words}`, facts };
  if (task.state === 'succeeded' && running === null)
    return { state: 'done', observed: `${serial} was erased: ${task.words}`, facts };
  return { state: 'unknown', observed: `erasing ${serial}: ${task.words}; ${running ?? 'no operation shown'}` };
}
