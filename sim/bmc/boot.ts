import type { BootOverride } from '../state.ts';
import { bootOrderOf, checkOrder, writeBootOrder } from './bootorder.ts';
import type { Controller } from './controller.ts';
import { linkTo } from './links.ts';
import { empty, failure, missing, notWritable, type Reply, unknownProperty, wrongValue } from './reply.ts';

export const overrideModes = ['UEFI', 'Legacy'];

/** Targets that may be chosen now: network boot over HTTP may be a matter of BIOS settings (quirk 43). */
export function targetsOf({ machine, personality }: Controller): readonly string[] {
  const http = Object.entries(machine.state.bios).find(([name]) => name.startsWith('IPv4HTTPSupport'))?.[1];
  return http === 'Disabled'
    ? personality.boot.targets.filter((target) => target !== 'UefiHttp')
    : personality.boot.targets;
}

/** The boot override as the system or its settings object shows it. */
export function bootOf(controller: Controller): Record<string, unknown> {
  const { override } = controller.machine.state;
  const { mode, enabled, listed, options } = controller.personality.boot;
  return {
    BootSourceOverrideEnabled: override.enabled,
    BootSourceOverrideTarget: override.target,
    'BootSourceOverrideTarget@Redfish.AllowableValues': targetsOf(controller),
    ...(listed.includes('Enabled') && { 'BootSourceOverrideEnabled@Redfish.AllowableValues': enabled }),
    ...(options && {
      BootOrder: bootOrderOf(controller),
      BootOptions: linkTo('/Systems/1/BootOptions'),
    }),
    ...(mode !== 'absent' && {
      BootSourceOverrideMode: override.mode,
      ...(listed.includes('Mode') && { 'BootSourceOverrideMode@Redfish.AllowableValues': overrideModes }),
    }),
  };
}

export const settingsLink = {
  '@odata.type': '#Settings.v1_3_5.Settings',
  SettingsObject: linkTo('/Systems/1/Settings'),
};

/** PATCH of a system or of its settings object, of which one takes the boot override. */
export function patchSystem(
  controller: Controller,
  body: Readonly<Record<string, unknown>>,
  at: 'system' | 'settings',
): Reply {
  const { personality } = controller;
  const { Boot: boot, ...others } = body;
  const other = Object.keys(others).find((name) => !name.startsWith('@'));
  if (other) return notWritable(other);
  if (typeof boot !== 'object' || boot === null || Array.isArray(boot)) return missing('Boot');
  if (personality.boot.at !== at)
    return failure(
      400,
      'Ami.1.0.OperationSupportedInFutureStateURI',
      'The property is only writable at the settings object of the resource.',
      ['Boot'],
    );
  if (personality.boot.duringPost === 'refuse' && controller.inPost)
    return failure(
      400,
      'iLO.2.24.UnableToModifyDuringSystemPOST',
      'The value cannot be changed while the system is in POST.',
    );
  return writeBoot(controller, boot as Record<string, unknown>);
}

/** All of it or nothing: what cannot be written is refused before anything else is. */
function writeBoot(controller: Controller, given: Record<string, unknown>): Reply {
  const { BootOrder: order, ...override } = given;
  const shown = bootOf(controller);
  const [first] = Object.keys(given);
  if (first === undefined) return missing('Boot');
  const strange = Object.keys(given).find((name) => !(name in shown) && !overrideProperties.includes(name));
  if (strange) return unknownProperty(strange);
  const fixed = Object.keys(override).find((name) => !overrideProperties.includes(name));
  if (fixed) return notWritable(fixed);
  const refused = order === undefined ? null : checkOrder(controller, order);
  if (refused) return refused;
  const reply = Object.keys(override).length > 0 ? writeOverride(controller, override) : empty;
  if (Array.isArray(order) && reply.status < 300) writeBootOrder(controller, order);
  return reply;
}

const overrideProperties = ['BootSourceOverrideTarget', 'BootSourceOverrideEnabled', 'BootSourceOverrideMode'];

function writeOverride(controller: Controller, given: Record<string, unknown>): Reply {
  const { machine, personality, tasks } = controller;
  const rules = personality.boot;
  const { BootSourceOverrideTarget, BootSourceOverrideEnabled, BootSourceOverrideMode } = given;
  const modeGiven = BootSourceOverrideMode !== undefined;
  if (modeGiven && (rules.mode === 'refuse' || rules.mode === 'absent')) return notWritable('BootSourceOverrideMode');
  const gap = [BootSourceOverrideTarget, BootSourceOverrideEnabled, BootSourceOverrideMode].indexOf(undefined);
  if (rules.partial === 'refuse' && gap >= 0) return missing(overrideProperties[gap] ?? 'Boot');
  const before = machine.state.override;
  // What is left out falls back to the vendor's default, and not to what was set before (quirk 36).
  const left = rules.partial === 'reset' ? { ...before, enabled: 'Once', mode: 'UEFI' } : before;
  const target = BootSourceOverrideTarget ?? left.target;
  const enabled = BootSourceOverrideEnabled ?? left.enabled;
  const mode = BootSourceOverrideMode ?? left.mode;
  if (!targetsOf(controller).includes(String(target))) return wrongValue(target, 'BootSourceOverrideTarget');
  if (!rules.enabled.includes(String(enabled))) return wrongValue(enabled, 'BootSourceOverrideEnabled');
  if (!overrideModes.includes(String(mode))) return wrongValue(mode, 'BootSourceOverrideMode');
  machine.setOverride({ target, enabled, mode } as BootOverride, 'bmc');
  if (modeGiven && rules.mode === 'job') {
    const { boots } = machine.state;
    tasks.await('BIOS.Setup.1-1 boot mode', () => machine.state.boots > boots);
  }
  return empty;
}
