/** What those who follow are told the changes of. */
export const changeKinds = ['machine', 'step', 'order', 'question', 'ticket', 'campaign', 'permit'] as const;
export type ChangeKind = (typeof changeKinds)[number];
