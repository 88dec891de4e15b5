import { text } from './links.ts';
import type { Session } from './session.ts';

/** Secure Boot as the controller shows it; absent facts are null. */
export interface SecureBootReading {
  /** As set, in force from the next start on. */
  readonly enabled: boolean | null;
  /** Whether the machine's last start was under it. */
  readonly inForce: boolean | null;
  /** `SetupMode` (no keys), `UserMode`, `AuditMode` or `DeployedMode`. */
  readonly mode: string | null;
}

/** Throws what `session.get` throws. */
export async function readSecureBoot(session: Session, path: string): Promise<SecureBootReading> {
  const observed = await session.get(path);
  const current = text(observed.SecureBootCurrentBoot);
  return {
    enabled: typeof observed.SecureBootEnable === 'boolean' ? observed.SecureBootEnable : null,
    inForce: current === null ? null : current === 'Enabled',
    mode: text(observed.SecureBootMode),
  };
}
