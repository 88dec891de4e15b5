import type { Hardware } from '../hardware.ts';
import type { MachineState } from '../state.ts';

export interface BiosAttribute {
  readonly default: string | number | boolean;
  /** Values it may take; any of the default's type when absent. */
  readonly values?: readonly (string | number | boolean)[];
}

/**
 * What makes one vendor's controller differ from another's: data, and the few functions that data cannot say.
 * Adding a vendor is adding one of these.
 */
export interface Personality {
  readonly id: string;
  readonly redfishVersion: string;
  readonly managerModel: string;
  readonly firmwareVersion: string;
  /** Sessions open at once, before further log-ins are refused. */
  readonly sessionCap: number;
  readonly sessionSeconds: number;
  readonly resetTypes: readonly string[];
  /** Whether a power command that would change nothing is taken (204) or refused (409). */
  readonly redundantPower: 'accept' | 'refuse';
  readonly bios: Readonly<Record<string, BiosAttribute>>;
  /** Last word on a document before it is sent; `path` is below `/redfish/v1`. */
  readonly dress?: (path: string, document: Record<string, unknown>, hardware: Hardware) => Record<string, unknown>;
}

export const standard: Personality = {
  id: 'standard',
  redfishVersion: '1.18.0',
  managerModel: 'Simulated BMC',
  firmwareVersion: '1.12.3',
  sessionCap: 8,
  sessionSeconds: 1800,
  resetTypes: [
    'On',
    'ForceOn',
    'ForceOff',
    'GracefulShutdown',
    'GracefulRestart',
    'ForceRestart',
    'PowerCycle',
    'PushPowerButton',
  ],
  redundantPower: 'accept',
  bios: {
    BootMode: { default: 'Uefi', values: ['Uefi', 'LegacyBios'] },
    NetworkBoot: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    HyperThreading: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    Virtualization: { default: 'Enabled', values: ['Enabled', 'Disabled'] },
    SriovSupport: { default: 'Disabled', values: ['Enabled', 'Disabled'] },
    PowerProfile: { default: 'Balanced', values: ['Balanced', 'Performance', 'Efficiency'] },
    BootRetrySeconds: { default: 20 },
  },
};

export function defaultBios({ bios }: Personality, firmware: 'bios' | 'uefi'): MachineState['bios'] {
  const values = Object.fromEntries(Object.entries(bios).map(([name, attribute]) => [name, attribute.default]));
  return { ...values, ...('BootMode' in bios && { BootMode: firmware === 'uefi' ? 'Uefi' : 'LegacyBios' }) };
}
