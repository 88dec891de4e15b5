/** Views of the fleet by rack: is it as wanted, what does it consume, is it well. */
import { z } from 'zod';
import { healthStates } from '../domain/fleetviews.ts';
import { id } from './api.ts';
import { conformity } from './driftschemas.ts';

const rack = z.string().nullable().describe('null for machines that stand in none');

export const conformanceView = z.object({
  summary: conformity,
  racks: z.array(z.object({ rack, conformant: z.number(), drifting: z.number(), unknown: z.number() })),
});

export const consumptionQuery = z.strictObject({ rack: id.optional() });
export const consumptionView = z.object({
  watts: z.number().describe('drawn at the latest readings of controllers'),
  racks: z.array(
    z.object({
      rack,
      machines: z.number(),
      read: z.number().describe('machines whose draw was read'),
      watts: z.number(),
      cores: z.number(),
      memoryMib: z.number(),
      unitsUsed: z.number(),
      units: z.number().nullable(),
    }),
  ),
  /** Of the rack that was asked for; null where none was. */
  machines: z
    .array(
      z.object({
        machineId: z.string(),
        hostname: z.string().nullable(),
        unit: z.number().nullable(),
        watts: z.number().nullable(),
        readAt: z.string().nullable(),
      }),
    )
    .nullable(),
});

const countEach = Object.fromEntries(healthStates.map((state) => [state, z.number()])) as Record<
  (typeof healthStates)[number],
  z.ZodNumber
>;
export const fleetHealthView = z.object({
  machines: z.number(),
  ...countEach,
  racks: z.array(z.object({ rack, ...countEach, unread: z.number().describe('controllers that could not be read') })),
});

export type ConformanceView = z.infer<typeof conformanceView>;
export type ConsumptionView = z.infer<typeof consumptionView>;
export type FleetHealthView = z.infer<typeof fleetHealthView>;
