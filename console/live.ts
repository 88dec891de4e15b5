/**
 * How what is shown stays as things are. This is the one place that knows: by asking again, until the API tells of changes
 * by itself.
 */
const intervalMs = 5000;
/** Of what is large, as the list of ten thousand machines. */
const slowIntervalMs = 30_000;

/** Options of a query that keep its answer fresh. Nothing is asked again while nobody looks. */
export function live(size: 'small' | 'large' = 'small') {
  return { refetchInterval: size === 'small' ? intervalMs : slowIntervalMs, refetchIntervalInBackground: false };
}
