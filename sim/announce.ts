import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient, ApiProblem } from '../client/api.ts';
import type { PlacesRequest } from '../contract/places.ts';
import type { Fleet } from './fleet.ts';
import { type Hardware, macOf, portOf, switchOf } from './hardware.ts';

/** Name of the secret that holds the simulated controllers' account. */
export const bmcSecret = 'sim-bmc';

/**
 * What an operator knows before the first machine is powered on: racks, which switch port leads to which unit, and
 * where controllers are. Machines are not among it: they are found when they boot.
 */
export function announcedPlaces(fleet: Fleet, originOf: (hardware: Hardware) => string): PlacesRequest {
  return {
    racks: fleet.racks.map(({ id }, index) => ({
      id,
      row: `row${Math.floor(index / 10) + 1}`,
      feed: index % 2 === 0 ? 'A' : 'B',
      units: 48,
    })),
    switches: fleet.racks.map(({ id: rack, machines }, index) => ({
      ...switchOf(index),
      ports: machines.map(({ hardware }) => ({ port: portOf(hardware.unit), rack, unit: hardware.unit })),
    })),
    bmcs: fleet.machines.map(({ hardware }) => ({
      origin: originOf(hardware),
      mac: macOf(hardware),
      serial: hardware.serial,
      secretRef: bmcSecret,
    })),
  };
}

/** Waits this long for the answer: ten thousand controllers are written in some seconds. */
const timeoutMs = 120_000;

/**
 * Announces places over the API, as a user does, and waits for an API that does not answer yet, of which `waits` is told
 * now and then. Throws ApiProblem with the sentence of a refusal.
 */
export async function announce(
  api: string,
  places: PlacesRequest,
  waits: (problem: ApiProblem) => void,
): Promise<void> {
  const client = new ApiClient({ url: api, operator: 'simulator', timeoutMs });
  for (let tries = 0; ; tries += 1) {
    const problem = await client.announcePlaces(places).then(
      () => null,
      (error: unknown) => error,
    );
    if (problem === null) return;
    const passing = problem instanceof ApiProblem && (problem.status === 0 || problem.status >= 500);
    if (!passing) throw problem;
    if (tries % 30 === 0) waits(problem);
    await sleep(1000);
  }
}
