import { z } from 'zod';
import { personalityChoices } from './bmc/personalities.ts';

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** The simulator's environment. */
export const simSettings = z.object({
  /** Origin of Farrier's API, to which racks are announced. */
  FARRIER_API: z.url('is missing or not an origin').default('http://127.0.0.1:8470'),
  FARRIER_DATA: z.string('is missing').min(1),
  FARRIER_LOG: z.enum(['debug', 'info', 'silent']).default('info'),
  FARRIER_SIM_RACKS: whole(1, 1000).default(1),
  FARRIER_SIM_PER_RACK: whole(1, 48).default(8),
  FARRIER_SIM_SEED: whole(0, 2 ** 32).default(1),
  FARRIER_SIM_SPEED: z.coerce.number().positive().max(10_000).default(1),
  /** Seconds of a machine's life that its burn-in takes at most: hours are reported and not waited for. */
  FARRIER_SIM_BURNIN: z.coerce.number().positive().max(86_400).default(5),
  FARRIER_SIM_POWER: z.enum(['on', 'off']).default('on'),
  /** Vendor of the controllers; `mixed` for some of each. */
  FARRIER_SIM_PERSONALITY: z.enum(personalityChoices).default('standard'),
  /** Machines powered on a second. */
  FARRIER_SIM_POWER_RATE: z.coerce.number().positive().max(10_000).default(200),
  FARRIER_SIM_LISTEN: z.string().default('127.0.0.1:8480'),
  FARRIER_SIM_ADDRESSING: z.enum(['loopback', 'ports']).default(process.platform === 'linux' ? 'loopback' : 'ports'),
  /** What controllers speak. */
  FARRIER_SIM_SCHEME: z.enum(['http', 'https']).default('http'),
  /** Connections for agents that wait; more machines than this wait in turns. */
  FARRIER_SIM_CONNECTIONS: whole(1, 65_000).default(2048),
  /** JSON file of faults: docs/simulator.md. */
  FARRIER_SIM_FAULTS: z.string().optional(),
  FARRIER_BOOT_URL: z.url('is missing or not an origin'),
  /** Where this machine reaches the agent API, if it is not where boot scripts say. */
  FARRIER_AGENT_URL: z.url().optional(),
});
