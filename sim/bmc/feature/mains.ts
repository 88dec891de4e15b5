import type { ChangeRequest } from '../change.ts';
import type { Controller } from '../controller.ts';
import { type Document, simServiceRoot } from '../links.ts';
import { empty, failure, type Reply, unknownParameter, wrongValue } from '../reply.ts';
import type { Feature } from './kind.ts';
import type { MainsRule } from './rules.ts';

const targetOf = ({ action, at }: MainsRule) => `${at}/Actions/Oem/${action.replace('#', '')}`;

/** Taking the mains away, by an action of the vendor's own (quirk 33): the controller goes down with the host. */
export const mains: Feature = {
  adorn(path, { personality }) {
    const rule = personality.features.mains;
    if (rule?.at !== path || rule.oem === null) return {};
    return { Oem: { [rule.oem]: { Actions: { [rule.action]: { target: simServiceRoot + targetOf(rule) } } } } };
  },
  actions(path, { personality }): Document {
    const rule = personality.features.mains;
    return rule?.at === path && rule.oem === null
      ? { Oem: { [rule.action]: { target: simServiceRoot + targetOf(rule) } } }
      : {};
  },
  act({ body, controller, method, path }) {
    const rule = controller.personality.features.mains;
    return rule && method === 'POST' && path === targetOf(rule) ? cycle(controller, rule, body) : undefined;
  },
};

function cycle(controller: Controller, rule: MainsRule, body: ChangeRequest['body']): Reply {
  const { machine } = controller;
  const strange = Object.keys(body).find(
    (name) => name !== 'ResetType' && !(rule.saysAfter && name === 'FinalPowerState'),
  );
  if (strange) return unknownParameter(strange, rule.action);
  const finals = [undefined, 'On', 'Off'];
  if (!finals.some((one) => one === body.FinalPowerState)) return wrongValue(body.FinalPowerState, 'FinalPowerState');
  if (body.ResetType !== rule.type) return wrongValue(body.ResetType, 'ResetType');
  if (rule.hostOff && machine.state.power === 'on')
    return failure(400, 'iLO.2.24.InvalidOperationForSystemState', 'The system must be powered off for this.');
  machine.note('ac-cycle', { by: 'bmc' });
  controller.restart('mains');
  const { FinalPowerState: spec } = body;
  const on = spec === undefined ? rule.after === 'as-before' && machine.state.power === 'on' : spec === 'On';
  void machine.powerOff('mains').then(() => (on ? machine.powerOn('mains') : undefined));
  return empty;
}
