import { findFault } from '../../faults.ts';
import type { ChangeRequest } from '../change.ts';
import type { Controller } from '../controller.ts';
import { type Document, simServiceRoot } from '../links.ts';
import { failure, type Reply, unknownParameter, wrongValue } from '../reply.ts';
import { completed, type TaskEnd } from '../tasks.ts';
import type { Feature } from './kind.ts';
import type { EraseRule } from './rules.ts';

const drivePath = /^\/Systems\/1\/Storage\/1\/Drives\/([1-9]\d{0,2})$/;

/** Drive.SecureErase (quirk 65): some list the kinds of it, some choose by themselves, some have none. */
export const eraseFeature: Feature = {
  document(path) {
    const drive = /^(.+)\/SanitizeActionInfo$/.exec(path)?.[1];
    if (!drive || !drivePath.test(drive)) return undefined;
    return ({ personality }) => (personality.features.erase?.methods ? infoOf(personality.features.erase) : undefined);
  },
  adorn(path, { controller }) {
    const index = indexOf(path);
    const running = index !== null && controller.erasing.get(index);
    return running ? { Operations: [{ OperationName: 'Sanitize', PercentageComplete: 1 }] } : {};
  },
  actions(path, { personality }) {
    const rule = personality.features.erase;
    if (!rule || indexOf(path) === null) return {};
    const times = { '@odata.type': '#Settings.v1_3_5.OperationApplyTimeSupport', SupportedValues: rule.applyTimes };
    return {
      '#Drive.SecureErase': {
        target: `${simServiceRoot}${path}/Actions/Drive.SecureErase`,
        ...(rule.methods && { '@Redfish.ActionInfo': `${simServiceRoot}${path}/SanitizeActionInfo` }),
        ...(rule.applyTimes.length > 0 && { '@Redfish.OperationApplyTimeSupport': times }),
      },
    };
  },
  act({ body, controller, method, path }) {
    const rule = controller.personality.features.erase;
    const index = indexOf(/^(.+)\/Actions\/Drive\.SecureErase$/.exec(path)?.[1] ?? '');
    if (!rule || method !== 'POST' || index === null || !controller.machine.hardware.model.disks[index])
      return undefined;
    return begin(controller, rule, index, body);
  },
};

function indexOf(path: string): number | null {
  const number = drivePath.exec(path)?.[1];
  return number === undefined ? null : Number(number) - 1;
}

function infoOf({ methods }: EraseRule): Document {
  return {
    '@odata.type': '#ActionInfo.v1_4_2.ActionInfo',
    Id: 'SanitizeActionInfo',
    Name: 'Kinds of sanitization',
    Parameters: [{ Name: 'SanitizationType', DataType: 'String', AllowableValues: methods }],
  };
}

function begin(controller: Controller, rule: EraseRule, index: number, body: ChangeRequest['body']): Reply {
  const { machine, tasks } = controller;
  const method = body.SanitizationType;
  if (method !== undefined && !rule.methods?.includes(String(method))) return wrongValue(method, 'SanitizationType');
  const strange = Object.keys(body).find((name) => name !== 'SanitizationType' && !name.startsWith('@'));
  if (strange) return unknownParameter(strange, 'Drive.SecureErase');
  const time = body['@Redfish.OperationApplyTime'] ?? 'Immediate';
  // It begins at once, whatever else a family may offer.
  if (time !== 'Immediate') return wrongValue(time, '@Redfish.OperationApplyTime');
  if (controller.erasing.has(index)) return failure(409, 'ResourceInUse', 'The drive is being erased.');
  controller.erasing.set(index, true);
  const finish = (): TaskEnd => {
    controller.erasing.delete(index);
    if (findFault(machine.state.faults, 'dead-disk')?.disk === index)
      return { state: 'Exception', status: 'Critical', message: 'The drive did not answer.' };
    machine.state.disks[index] = { content: 'blank' };
    machine.note('disk-wiped', { disk: index, by: 'bmc', method: method ?? 'unsaid' });
    machine.changed();
    return completed;
  };
  return tasks.accepted(tasks.begin('Secure erase', rule.seconds, finish));
}
