/** How machines stand, as the view of the fleet's health counts them: each once, by the first that is so. */
export const healthStates = ['held', 'ailing', 'aside', 'becoming', 'healthy'] as const;
export type HealthState = (typeof healthStates)[number];
