import type { Controller } from '../controller.ts';
import { type Document, linkTo, simServiceRoot } from '../links.ts';
import { outward } from '../paths.ts';
import { empty, failure, notWritable, type Reply, wrongValue } from '../reply.ts';
import type { Feature } from './kind.ts';
import type { SecureBootRule } from './rules.ts';

const path = '/Systems/1/SecureBoot';
const keyResets = ['ResetAllKeysToDefault', 'DeleteAllKeys', 'DeletePK'];

/** Secure Boot: set at once, in force from the next start, and only with keys. */
export const secureBootFeature: Feature = {
  document(wanted) {
    if (wanted === path)
      return ({ controller, personality }) => {
        const rule = personality.features.secureBoot;
        return rule ? documentOf(controller, rule) : undefined;
      };
    if (wanted !== `${path}/ResetKeysActionInfo`) return undefined;
    return ({ personality }) => (personality.features.secureBoot?.keys === 'action-info' ? keysInfo : undefined);
  },
  adorn(at, { personality }) {
    return at === '/Systems/1' && personality.features.secureBoot ? { SecureBoot: linkTo(path) } : {};
  },
  methods(at, { personality }) {
    return at === path && personality.features.secureBoot ? ['PATCH'] : [];
  },
  act({ body, controller, method, path: at }) {
    const rule = controller.personality.features.secureBoot;
    if (!rule || !at.startsWith(path)) return undefined;
    if (method === 'PATCH' && at === path) {
      const fixed = Object.keys(body).find((name) => name !== 'SecureBootEnable' && !name.startsWith('@'));
      return fixed ? notWritable(fixed) : enable(controller, rule, body.SecureBootEnable);
    }
    if (method !== 'POST' || at !== `${path}/Actions/SecureBoot.ResetKeys` || rule.keys === 'absent') return undefined;
    return resetKeys(controller, rule, body.ResetKeysType);
  },
};

function stateOf({ kept, machine }: Controller, rule: SecureBootRule) {
  const state = kept.secureBoot ?? { enabled: false, before: false, boots: machine.state.boots, mode: rule.mode };
  const started = machine.state.boots > state.boots;
  return { ...state, inForce: started ? state.enabled && state.mode !== 'SetupMode' : state.before };
}

function documentOf(controller: Controller, rule: SecureBootRule): Document {
  const { enabled, inForce, mode } = stateOf(controller, rule);
  const values = rule.keys === 'inline' && { 'ResetKeysType@Redfish.AllowableValues': keyResets };
  const info = rule.keys === 'action-info' && { '@Redfish.ActionInfo': `${simServiceRoot}${path}/ResetKeysActionInfo` };
  const action = { target: `${simServiceRoot}${path}/Actions/SecureBoot.ResetKeys`, ...values, ...info };
  return {
    '@odata.type': '#SecureBoot.v1_1_2.SecureBoot',
    Id: 'SecureBoot',
    Name: 'UEFI Secure Boot',
    SecureBootEnable: enabled,
    SecureBootCurrentBoot: inForce ? 'Enabled' : 'Disabled',
    SecureBootMode: mode,
    ...(rule.keys !== 'absent' && { Actions: { '#SecureBoot.ResetKeys': action } }),
  };
}

const keysInfo: Document = {
  '@odata.type': '#ActionInfo.v1_4_2.ActionInfo',
  Id: 'ResetKeysActionInfo',
  Name: 'Reset of keys',
  Parameters: [{ Name: 'ResetKeysType', Required: true, DataType: 'String', AllowableValues: keyResets }],
};

function enable(controller: Controller, rule: SecureBootRule, enabled: unknown): Reply {
  if (typeof enabled !== 'boolean') return wrongValue(enabled, 'SecureBootEnable');
  const state = stateOf(controller, rule);
  if (enabled && state.mode === 'SetupMode')
    return failure(400, 'GeneralError', 'Secure Boot needs keys: the system is in setup mode.');
  change(controller, rule, { enabled });
  controller.machine.note('secure-boot', { enabled });
  return empty;
}

function resetKeys(controller: Controller, rule: SecureBootRule, type: unknown): Reply {
  if (!keyResets.includes(String(type))) return wrongValue(type, 'ResetKeysType');
  const mode = type === 'ResetAllKeysToDefault' ? (rule.mode === 'SetupMode' ? 'UserMode' : rule.mode) : 'SetupMode';
  change(controller, rule, { mode });
  controller.machine.note('secure-boot', { keys: type });
  return empty;
}

function change(
  controller: Controller,
  rule: SecureBootRule,
  to: { readonly enabled?: boolean; readonly mode?: SecureBootRule['mode'] },
): void {
  const { machine, personality } = controller;
  const { enabled, inForce, mode } = stateOf(controller, rule);
  controller.kept.secureBoot = { enabled, mode, ...to, before: inForce, boots: machine.state.boots };
  machine.changed();
  // Quirk 53: it answers with an internal error while it changes.
  const shown = simServiceRoot + outward(path, personality.names);
  if (rule.failing > 0) controller.faults.set({ path: shown, method: 'GET', status: 500, times: rule.failing });
}
