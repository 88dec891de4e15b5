import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { strings } from '../probe/action.ts';
import type { IndicatorOffer } from '../probe.ts';
import type { Json } from '../transport.ts';
import { type ActDefinition, notDone } from './definition.ts';

/** The light to find a machine by, on or off. */
export const indicator: ActDefinition<ActParameters['indicator']> = {
  parameters: z.strictObject({ on: z.boolean() }),
  plan: async (context, { on }) => {
    // That of the case is listed first: it is the one that somebody in the aisle sees.
    const [light] = await context.probe.offer('indicators');
    if (!light) return notDone('the controller offers no light to find the machine by');
    const { session, system } = context;
    const observed = await session.get(light.path);
    const value = wanted(light, observed, on, system.quirks.led);
    if (observed[light.property] === value) return { state: 'done', observed: `the light is ${onOff(on)} already` };
    return {
      command: { at: light.path, [light.property]: value },
      before: { [light.property]: observed[light.property] },
      send: async () => {
        await session.write('PATCH', light.path, { [light.property]: value });
        return null;
      },
    };
  },
  observe: async ({ session }, { command }) => {
    const { at, ...wanted } = command;
    const observed = await session.get(String(at));
    const so = Object.entries(wanted).every(([property, value]) => observed[property] === value);
    return so
      ? { state: 'done', observed: `the light shows ${Object.values(wanted).join()}`, facts: wanted }
      : { state: 'unknown', observed: 'the light does not show it yet' };
  },
  watch: { totalMs: 20_000, intervalMs: 1000 },
};

const onOff = (on: boolean) => (on ? 'on' : 'off');

/** The old property has words of its own, of which a controller may list the ones it takes. */
function wanted({ property }: IndicatorOffer, observed: Json, on: boolean, led: { on: string; off: string }) {
  if (property === 'LocationIndicatorActive') return on;
  const allowed = strings(observed['IndicatorLED@Redfish.AllowableValues']);
  const fitting = (on ? [led.on, 'Lit', 'Blinking'] : [led.off, 'Off']).find((word) => allowed.includes(word));
  return fitting ?? (on ? led.on : led.off);
}
