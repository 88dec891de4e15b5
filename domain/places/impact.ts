/** What machines hang on, all at once. */
export const impactKinds = ['switch', 'feed', 'rack'] as const;
export type ImpactKind = (typeof impactKinds)[number];
