import type { Json } from '../transport.ts';
import { number, valueAt } from './values.ts';

/**
 * How this service is asked to put members into the answer; null where it does not offer that. Only what is
 * advertised is asked for, since others answer a query they do not know with an error or with anything.
 */
export function expandQuery(root: Json): ((levels: number) => string) | null {
  const features = valueAt(root, 'ProtocolFeaturesSupported', 'ExpandQuery');
  const kind = valueAt(features, 'NoLinks') === true ? '.' : valueAt(features, 'ExpandAll') === true ? '*' : null;
  if (kind === null) return null;
  if (valueAt(features, 'Levels') !== true) return () => `?$expand=${kind}`;
  const max = number(valueAt(features, 'MaxLevels')) ?? 1;
  return (levels) => `?$expand=${kind}($levels=${Math.max(1, Math.min(levels, max))})`;
}
