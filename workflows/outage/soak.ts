import { condition } from '@temporalio/workflow';
import type { PassageRun } from '../passage/run.ts';
import { look } from './power.ts';

const minute = 60_000;

/** Whether the machine stays healthy for that long; looked at ten times on the way, at least a minute apart. */
export async function soak<Step extends string>(run: PassageRun<Step>, step: Step, during: number): Promise<boolean> {
  if (run.plans(step, `watch it stay healthy for ${Math.round(during / minute)} minutes`)) return true;
  const until = Date.now() + during;
  while (Date.now() < until) {
    run.stand(step, 'time', until - Date.now(), 'It has to stay healthy until then.');
    // Cancelled, it is looked at now and watched no longer.
    const next = Math.min(until - Date.now(), Math.max(minute, during / 10));
    const cancelled = await condition(() => run.desk.cancelled !== null, next);
    const health = await look(run, null);
    if (health.healthy && cancelled) return true;
    if (health.healthy) continue;
    run.desk.note(`while it had to stay healthy: ${health.seen}`);
    return false;
  }
  return true;
}
