import type { Seconds } from '../../domain/duration.ts';
import type { Json } from '../transport.ts';
import type { Reader } from './reader.ts';
import { amount, linkedPath, number, valueAt } from './values.ts';

/** What a new password or account has to keep to (quirk 67). */
export interface AccountLimits {
  readonly shortestPassword: number | null;
  /** Null where the controller names no limit; zero and absurd ones count as none. */
  readonly maxPassword: number | null;
  /** Failed attempts until an account is locked; null where it never is, or where that isn't told (quirk 6). */
  readonly lockoutAfter: number | null;
  /** Seconds. */
  readonly lockoutFor: Seconds | null;
  readonly accountsPath: string | null;
}

/** The limits of the controller's account service; null where it has none or doesn't show it. */
export async function readAccountLimits(reader: Reader): Promise<AccountLimits | null> {
  const service = await reader.resource(reader.root.AccountService);
  return service && accountLimits(service);
}

/** Pure. */
export function accountLimits(service: Json): AccountLimits {
  const max = amount(valueAt(service, 'MaxPasswordLength'));
  const shortest = number(valueAt(service, 'MinPasswordLength'));
  return {
    shortestPassword: shortest,
    maxPassword: max !== null && max >= (shortest ?? 0) ? max : null,
    lockoutAfter: amount(valueAt(service, 'AccountLockoutThreshold')),
    lockoutFor: amount(valueAt(service, 'AccountLockoutDuration')),
    accountsPath: linkedPath(valueAt(service, 'Accounts')),
  };
}
