/** What those who follow are told the changes of. */
export const changeKinds = [
  ...['machine', 'step', 'order', 'question', 'ticket', 'campaign', 'permit', 'approval'],
] as const;
export type ChangeKind = (typeof changeKinds)[number];
