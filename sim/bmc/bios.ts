import type { SimState } from '../state.ts';
import type { Controller } from './controller.ts';
import type { Document } from './links.ts';
import { defaultBios } from './personality.ts';
import { empty, failure, missing, notWritable, type Reply, said, unknownProperty, wrongValue } from './reply.ts';

type Values = SimState['bios'];

/** What the settings object lists: pending, staged, and what will be dropped at the next POST. */
export function pendingOf({ machine, personality }: Controller): Values {
  const { staged } = machine.state.controller ?? {};
  const listed = staged && (personality.biosWrite === 'apply-time' || staged.boots === machine.state.boots);
  return { ...machine.state.pendingBios, ...(listed && staged.values) };
}

/** PATCH of the settings object. */
export function patchBios(controller: Controller, body: Readonly<Record<string, unknown>>): Reply {
  const { machine, personality } = controller;
  const { Attributes: attributes, '@Redfish.SettingsApplyTime': applyTime } = body;
  const other = Object.keys(body).find((name) => name !== 'Attributes' && !name.startsWith('@'));
  if (other) return notWritable(other);
  if (!isKnownTime(applyTime)) return wrongValue(JSON.stringify(applyTime), '@Redfish.SettingsApplyTime');
  if (attributes !== undefined && (typeof attributes !== 'object' || attributes === null)) return missing('Attributes');
  if (attributes === undefined && applyTime === undefined) return missing('Attributes');
  const wrong = checkValues(personality.bios, attributes ?? {});
  if (wrong) return wrong;
  const values = (attributes ?? {}) as Values;
  if (personality.biosWrite === 'apply-time') return stage(controller, values, applyTime);
  const kept = Object.fromEntries(Object.entries(values).filter(([name]) => !personality.biosDrops.includes(name)));
  const dropped = Object.fromEntries(Object.entries(values).filter(([name]) => personality.biosDrops.includes(name)));
  if (Object.keys(dropped).length > 0) controller.kept.staged = { values: dropped, boots: machine.state.boots };
  if (Object.keys(kept).length > 0) machine.setPendingBios(kept, 'bmc');
  return personality.biosWrite === 'message'
    ? said('iLO.2.24.SystemResetRequired', 'The system must be reset before the changes take effect.')
    : empty;
}

/** Settings are in force from the next POST, whether that is asked for or not. */
function isKnownTime(given: unknown): boolean {
  if (given === undefined) return true;
  const { ApplyTime: time } = (given ?? {}) as { ApplyTime?: unknown };
  return time === 'OnReset';
}

function checkValues(known: Controller['personality']['bios'], attributes: object): Reply | null {
  for (const [name, value] of Object.entries(attributes)) {
    const attribute = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!attribute) return unknownProperty(name);
    const fits = attribute.values ? attribute.values.includes(value) : typeof value === typeof attribute.default;
    if (!fits) return wrongValue(value, name);
  }
  return null;
}

/** Quirk 48: without an apply time values stay staged; with one a job commits them, and only one at a time. */
function stage(controller: Controller, values: Values, applyTime: unknown): Reply {
  const { kept, machine, tasks } = controller;
  const committed = Object.keys(machine.state.pendingBios).length > 0;
  if (committed)
    return failure(
      400,
      'IDRAC.2.8.SYS011',
      'Pending configuration values are already committed, unable to perform another set operation.',
    );
  const staged = { ...kept.staged?.values, ...values };
  kept.staged = { values: staged, boots: machine.state.boots };
  machine.changed();
  if (applyTime === undefined) return said('IDRAC.2.8.SYS413', 'The operation successfully completed.');
  delete kept.staged;
  machine.setPendingBios(staged, 'bmc');
  return tasks.accepted(
    tasks.await('ConfigBIOS:BIOS.Setup.1-1', () => Object.keys(machine.state.pendingBios).length === 0),
  );
}

/** Bios.ResetBios: everything back to its default at the next POST. */
export function postBiosReset({ machine, personality }: Controller, body: string): Reply {
  // Quirk 52: no body at all is refused, an empty object is taken.
  if (body.trim() === '') return failure(400, 'MalformedJSON', 'The request body is empty.');
  machine.setPendingBios(defaultBios(personality, machine.hardware.model.firmware), 'reset-bios');
  return empty;
}

export function biosSettings(controller: Controller): Document {
  return {
    '@odata.type': '#Bios.v1_2_3.Bios',
    Id: 'Settings',
    Name: 'Pending BIOS settings',
    Attributes: pendingOf(controller),
  };
}
