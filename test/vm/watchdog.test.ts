/**
 * An agent that hangs: the hardware watchdog resets the machine, it boots from the network again, and the birth goes
 * on. The hang is in the image and not in the product: the first time the machine boots, the birther has an initrd
 * whose burn-in never comes back.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootCounts, bootTokens, humanSteps, machines, orders, steps } from '../../mdb/schema.ts';
import { whyNot } from './needs.ts';
import { eventually } from './wait.ts';
import { type FarrierEnd, readMdb, startUp, vmEffects, wholeMs } from './whole.ts';

const reason = await whyNot(['cpio']);

// It says that it will be back in five seconds, as every stage says how long it may take, and is not.
const hanging = `
burn_in() {
  begin
  report /agent/step step name burnin state running
  say 'hangs on purpose'
  alive 5
  while :; do sleep 3600; done
}
`;

/** An archive that the kernel unpacks over the initrd's own, padded as it wants them. */
async function hangingInitrd(initrd: Buffer, folder: string): Promise<Buffer> {
  const path = 'usr/lib/farrier/burnin.sh';
  await mkdir(join(folder, 'usr/lib/farrier'), { recursive: true });
  await writeFile(join(folder, path), hanging);
  const over = execFileSync('cpio', ['-o', '-H', 'newc', '--quiet'], { cwd: folder, input: `${path}\n` });
  return Buffer.concat([initrd, Buffer.alloc((4 - (initrd.length % 4)) % 4), over]);
}

async function put(path: string, bytes: Buffer): Promise<void> {
  await writeFile(`${path}.new`, bytes);
  await rename(`${path}.new`, path);
}

const readStory = (data: string) =>
  readMdb(data, async (mdb) => ({
    machine: (await mdb.select().from(machines))[0],
    order: (await mdb.select().from(orders))[0],
    steps: new Map((await mdb.select().from(steps)).map((step) => [step.name, step])),
    served: await mdb.select().from(bootCounts),
    tokens: await mdb.select().from(bootTokens),
    requests: await mdb.select().from(humanSteps),
  }));

describe.skipIf(reason !== null)(`an agent that hangs${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  let data: string;
  let outcome: FarrierEnd;
  let story: Awaited<ReturnType<typeof readStory>>;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'farrier-watchdog-'));
    const ending = startUp({ data, count: 1, firmware: 'bios' });
    const over = ending.then(({ said }) => {
      throw new Error(`it ended too early: ${said}`);
    });
    // The rig comes after the images; the firmware needs seconds until it asks for anything.
    const initrd = join(data, 'images', 'boot', 'initrd');
    await Promise.race([over, eventually('the rig', () => existsSync(join(data, 'vm', 'network.json')), wholeMs)]);
    const good = await readFile(initrd);
    await put(initrd, await hangingInitrd(good, join(data, 'hanging')));
    const reset = eventually('the watchdog', () => vmEffects(data, 'vm-1', 'watchdog').length > 0, wholeMs);
    await Promise.race([over, reset]);
    await put(initrd, good);
    over.catch(() => {});
    outcome = await ending;
    story = await readStory(data);
  }, wholeMs + 120_000);

  afterAll(async () => {
    if (outcome?.code === 0) await rm(data, { recursive: true, force: true });
  });

  it('is reset by the watchdog, once', () => {
    expect(outcome.code, `${outcome.said}\nlogs: ${data}`).toBe(0);
    expect(vmEffects(data, 'vm-1', 'watchdog')).toHaveLength(1);
    expect(vmEffects(data, 'vm-1', 'power-on')).toHaveLength(1);
  });

  it('is served the bootstrap image a second time, with a token of its own', () => {
    const bootstraps = story.served.filter(({ answer }) => answer === 'bootstrap');
    expect(bootstraps.reduce((sum, { answers }) => sum + answers, 0)).toBe(2);
    const redeemed = story.tokens.filter(({ use, redeemedAt }) => use === 'bootstrap' && redeemedAt !== null);
    expect(redeemed).toHaveLength(2);
    const reset = Date.parse(vmEffects(data, 'vm-1', 'watchdog')[0]?.time ?? '');
    const issued = redeemed.map(({ issuedAt }) => issuedAt.getTime()).toSorted((a, b) => a - b);
    expect(issued[0]).toBeLessThan(reset);
    expect(issued[1]).toBeGreaterThan(reset);
  });

  it('shows the second attempt of the step that it hung in, under the same order', () => {
    expect(story.order).toMatchObject({ state: 'done', passage: 'birth' });
    expect(story.steps.get('profile')).toMatchObject({ state: 'done', attempt: 2 });
    expect(story.steps.get('profile')?.detail.message).toContain('booted anew in this step');
    for (const name of ['watchdog', 'inventory', 'burnin'])
      expect(
        [...story.steps.values()].find((step) => step.source === 'agent' && step.name.endsWith(name)),
      ).toMatchObject({ state: 'done', attempt: 2 });
    expect(story.steps.get('deploy')).toMatchObject({ attempt: 1 });
  });

  it('ends in service, and no person was asked', () => {
    const good = { stage: 'in_service', opState: 'production', bootState: 'healthy', held: null };
    expect(story.machine).toMatchObject(good);
    expect(story.requests).toEqual([]);
  });
});
