/** What the machine itself shows of BIOS settings: where its controller says something else, the machine is right. */

export interface HostFacts {
  /** How it booted. */
  readonly firmware: 'bios' | 'uefi' | null;
  readonly cores: number;
  readonly threads: number;
}

interface Row {
  /** Recording that shows the name, in `../shared/redfish/fixtures` beside the checkout. */
  readonly evidence: string;
  readonly name: RegExp;
  /** What the value means, in the words of `shown`; null where it does not say. */
  readonly meant: (value: string) => string | null;
  readonly observed: (host: HostFacts) => string | null;
}

const mode = (value: string) => {
  if (/dual|both|auto/i.test(value)) return null;
  return /uefi/i.test(value) ? 'uefi' : /bios|legacy/i.test(value) ? 'bios' : null;
};
const onOff = (value: string) =>
  /^(enabled?|true|on|1)$/i.test(value) ? 'enabled' : /^(disabled?|false|off|0)$/i.test(value) ? 'disabled' : null;

const rows: readonly Row[] = [
  {
    evidence: 'dmtf-public-rackmount1',
    name: /^(Boot|SystemBoot)Mode(Select)?$/i,
    meant: mode,
    observed: ({ firmware }) => firmware,
  },
  {
    evidence:
      'dell-r750-idrac9-6.00.30, hpe-dl380a-gen11-ilo6, supermicro-821ge-tnhr-11.01 (Hyper_Threading_ALL__F27F)',
    name: /^LogicalProc$|hyper_?threading/i,
    meant: onOff,
    observed: ({ cores, threads }) => (cores === 0 ? null : threads > cores ? 'enabled' : 'disabled'),
  },
];

/** What the machine shows where that is not what the value means; null where it agrees or can't tell. */
export function contradicts(name: string, value: string, host: HostFacts): string | null {
  const row = rows.find((one) => one.name.test(name));
  const [meant, shown] = [row?.meant(value) ?? null, row?.observed(host) ?? null];
  return meant === null || shown === null || meant === shown ? null : shown;
}
