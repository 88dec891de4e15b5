import { sleep } from '@temporalio/workflow';
import type { CampaignInput } from '../../contract/campaign.ts';
import type { MachineInput } from '../../contract/machine.ts';
import type { SemaphoreInput } from '../../contract/semaphore.ts';
import { campaign as realCampaign } from '../../workflows/campaign.ts';
import { birth as realBirth } from '../../workflows/index.ts';
import { machine as realMachine } from '../../workflows/machine.ts';
import { semaphore as realSemaphore } from '../../workflows/semaphore.ts';

/** Deliberately broken: a timer that no recorded run has. It proves that the replay suite bites. */
export async function machine(input: MachineInput): Promise<void> {
  await sleep(1000);
  await realMachine(input);
}

export async function birth(input: Parameters<typeof realBirth>[0]): Promise<unknown> {
  await sleep(1000);
  return realBirth(input);
}

export async function semaphore(input: SemaphoreInput): Promise<void> {
  await sleep(1000);
  await realSemaphore(input);
}

export async function campaign(input: CampaignInput): Promise<unknown> {
  await sleep(1000);
  return realCampaign(input);
}
