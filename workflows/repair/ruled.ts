import type { Severity } from '../../domain/requests.ts';
import type { Outcome } from '../passage/outcome.ts';

/** Where a person's rung led. */
export type Ruled = { readonly to: Severity } | { readonly outcome: Outcome };
