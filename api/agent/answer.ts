import type { AgentRecord } from '../../contract/records.ts';
import type { EraseTarget } from '../../domain/clean/erase.ts';
import type { Directive } from '../../domain/directive.ts';

/** What a request of the agent is answered: records, or a refusal with its reason. */
export type AgentAnswer = readonly AgentRecord[] | Refusal;

export interface Refusal {
  readonly status: 400 | 401 | 409 | 429 | 503;
  readonly reason: string;
}

export const ok: AgentAnswer = [{ kind: 'ok', fields: {} }];

export function refusal(status: Refusal['status'], reason: string): Refusal {
  return { status, reason };
}

export function isRefusal<T>(value: T | Refusal): value is Refusal {
  return typeof value === 'object' && value !== null && 'status' in value && 'reason' in value;
}

/**
 * A directive as the agent reads it; absent facts are absent fields. The disks to erase follow as records `disk1`,
 * `disk2` … of their own: a shell reads them by name.
 */
export function describeDirective(seq: number, directive: Directive): readonly AgentRecord[] {
  const record = { kind: 'directive', fields: { seq: String(seq), do: directive.do, ...fieldsOf(directive) } };
  return directive.do === 'erase' ? [record, ...directive.disks.map(diskRecord)] : [record];
}

function diskRecord({ serial, method, begun }: EraseTarget, index: number): AgentRecord {
  return { kind: `disk${index + 1}`, fields: { serial, method, ...(begun ? { begun: '1' } : {}) } };
}

function fieldsOf(directive: Directive): Record<string, string> {
  switch (directive.do) {
    case 'wait':
    case 'reboot':
      return {};
    case 'hold':
      return { reason: directive.reason };
    case 'burnin':
      return {
        burnin: directive.burninId,
        stress: String(directive.stressSeconds),
        cap: String(directive.capSeconds),
      };
    case 'handover':
      return { hostname: directive.hostname, address: directive.address, how: directive.how };
    case 'erase':
      return { seed: directive.seed, mark: directive.mark, ...(directive.key === null ? {} : { key: directive.key }) };
    case 'install':
      return installFields(directive);
  }
}

function installFields(directive: Extract<Directive, { do: 'install' }>): Record<string, string> {
  return {
    image: directive.image,
    kind: directive.imageKind,
    path: directive.imagePath,
    bytes: String(directive.bytes),
    sha256: directive.sha256,
    signature: directive.signature,
    hostname: directive.hostname,
    address: directive.address,
    ...(directive.gateway === null ? {} : { gateway: directive.gateway }),
    ...(directive.dns.length === 0 ? {} : { dns: directive.dns.join(',') }),
    mark: directive.mark,
    disk: directive.disk,
    boot_mib: String(directive.layout.bootMib),
    root_mib: String(directive.layout.rootMib),
    kernel: directive.layout.kernel,
    kernel_sha256: directive.boot.kernel,
    initrd_sha256: directive.boot.initrd,
    system: directive.imageSystem,
  };
}
