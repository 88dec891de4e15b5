import type { Controller } from '../controller.ts';
import { empty, notWritable, type Reply, wrongValue } from '../reply.ts';
import type { Feature } from './kind.ts';

/** The light to find a machine by, in the new words and the old. */
export const light: Feature = {
  adorn(path, { controller, personality }) {
    const rule = personality.features.light;
    if (!rule?.at.some((at) => at === path)) return {};
    const on = controller.kept.light === true;
    const led = { IndicatorLED: on ? rule.looked : rule.rest };
    return {
      ...(rule.properties.includes('LocationIndicatorActive') && { LocationIndicatorActive: on }),
      ...(rule.properties.includes('IndicatorLED') && led),
      ...(rule.listed && { 'IndicatorLED@Redfish.AllowableValues': [rule.looked, rule.rest] }),
    };
  },
  methods(path, { personality }) {
    return personality.features.light?.at.some((at) => at === path) ? ['PATCH'] : [];
  },
  act({ body, controller, method, path }) {
    const rule = controller.personality.features.light;
    if (method !== 'PATCH' || !rule?.at.some((at) => at === path)) return undefined;
    const [name, ...others] = Object.keys(body);
    if (name === undefined || others.length > 0 || !/^(LocationIndicatorActive|IndicatorLED)$/.test(name))
      return undefined;
    if (!rule.properties.some((one) => one === name)) return notWritable(name);
    return name === 'IndicatorLED' ? setWord(controller, body[name]) : setLight(controller, body[name]);
  },
};

function setWord(controller: Controller, word: unknown): Reply {
  const rule = controller.personality.features.light;
  if (word !== rule?.rest && word !== rule?.looked) return wrongValue(word, 'IndicatorLED');
  return setLight(controller, word === rule?.looked);
}

function setLight(controller: Controller, on: unknown): Reply {
  if (typeof on !== 'boolean') return wrongValue(on, 'LocationIndicatorActive');
  controller.kept.light = on;
  controller.machine.note('indicator', { on });
  controller.machine.changed();
  return empty;
}
