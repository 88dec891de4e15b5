import { sleep } from '@temporalio/workflow';
import { Alarm } from '../../workflows/passage/alarm.ts';

const never = () => false;
const hour = 3_600_000;

/** Waits one after the other and two at a time on one alarm; tells how long each took, in milliseconds. */
export async function alarms(): Promise<Readonly<Record<string, readonly [met: boolean, took: number]>>> {
  const alarm = new Alarm();
  const timed = async (met: () => boolean, limit: number) => {
    const from = Date.now();
    return [await alarm.until(met, limit), Date.now() - from] as const;
  };
  let told = false;
  const early = timed(() => told, hour);
  await sleep(60_000);
  told = true;
  return {
    // Its timer is left to run, due in 59 minutes.
    early: await early,
    shorter: await timed(never, 1000),
    // Due before the end: it is armed for the rest.
    longer: await timed(never, 2 * hour),
    again: await timed(never, hour),
    ...(await both(timed)),
    there: await timed(() => true, hour),
    none: await timed(never, -5),
  };
}

async function both(timed: (met: () => boolean, limit: number) => Promise<readonly [boolean, number]>) {
  const [slow, quick] = await Promise.all([timed(never, 2 * hour), timed(never, 1000)]);
  return { slow, quick };
}
