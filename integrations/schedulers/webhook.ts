import { z } from 'zod';
import type { DrainProgress } from '../../domain/drain.ts';
import { mustHave } from '../http/connection.ts';
import { OutsideError } from '../http/errors.ts';
import { openOutside, requestJson } from '../http/http.ts';
import { sign, signatureHeader } from '../webhook.ts';
import { type DrainTask, needConnection, type OpenDrain, readDrainSettings } from './drain.ts';

const settings = {
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9._~/-]{0,200}$/, 'is not a path like /farrier/drain')
    .default('/farrier/drain'),
};

const did = z.object({ sentence: z.string().max(500).optional() });
const progress = z.object({
  drained: z.boolean(),
  /** Of the machine that it speaks of, where it says so. */
  node: z.string().optional(),
  left: z.number().int().min(0),
  sentence: z.string().max(500).default(''),
});

/**
 * Any other scheduler, through a service of one's own: `{"do": "start" | "progress" | "stop" | "kill", "id", "node",
 * "machine", "order", "reason"}` by POST, signed. `id` is the same for the same wish, so that it may be asked again.
 */
export const openDrainWebhook: OpenDrain = (place) => {
  const { path } = readDrainSettings(settings, place.settings);
  const connection = mustHave(needConnection(place), 'key');
  const outside = openOutside(connection);
  const tell = <T>(what: 'start' | 'progress' | 'stop' | 'kill', task: DrainTask, shape: z.ZodType<T>): Promise<T> => {
    const { node, machineId, orderId, reason } = task;
    const text = JSON.stringify({
      do: what,
      id: `${orderId}:${what}`,
      node,
      machine: machineId,
      order: orderId,
      reason,
    });
    const headers = { 'content-type': 'application/json', [signatureHeader]: sign(connection.key, text) };
    return requestJson(outside, { method: 'POST', path, headers, text }, shape);
  };
  return {
    close: outside.close,
    drain: {
      start: async (task) => (await tell('start', task, did)).sentence ?? `${task.node} is being drained`,
      stop: async (task) => (await tell('stop', task, did)).sentence ?? `${task.node} is given back`,
      kill: async (task) => (await tell('kill', task, did)).sentence ?? `what was left on ${task.node} is ended`,
      progress: async (task): Promise<DrainProgress> => {
        const { drained: says, left: number, node, sentence } = await tell('progress', task, progress);
        if (node !== undefined && node !== task.node)
          throw new OutsideError('garbage', `the answer on ${task.node} speaks of another machine`);
        // What is left says more than that nothing is.
        const drained = says && number === 0;
        const left = drained ? 0 : Math.max(number, 1);
        return { drained, left, sentence: sentence || `${left} left on ${task.node}` };
      },
    },
  };
};
