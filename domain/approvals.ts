/** What a second person must see and agree to before it is done, and who that may be. */

export const approvalActs = ['wipe', 'all', 'brake', 'capacity', 'identity'] as const;
/** `policy`: what says which of the others take a second person. It does so itself as soon as one of them does. */
export type ApprovalAct = (typeof approvalActs)[number] | 'policy';

export const actMeanings: Readonly<Record<ApprovalAct, string>> = {
  wipe: 'wipes a machine that is in service',
  all: 'is about every machine',
  brake: 'overrides the storm brake',
  capacity: 'lets more machines leave service than before',
  identity: 'admits a changed identity',
  policy: 'changes what takes a second person',
};

export const approvalStates = ['waiting', 'approved', 'refused', 'withdrawn', 'lapsed'] as const;
export type ApprovalState = (typeof approvalStates)[number];

export interface ApprovalPolicy {
  readonly acts: readonly ApprovalAct[];
  readonly hours: number;
}

/** What holds until somebody sets another one: one person alone could do nothing with any other. */
export const standardApprovalPolicy: ApprovalPolicy = { acts: [], hours: 24 };

/** Those of some acts that take a second person. */
export function actsThatWait(policy: ApprovalPolicy, acts: readonly ApprovalAct[]): ApprovalAct[] {
  if (policy.acts.length === 0) return [];
  return acts.filter((act) => act === 'policy' || policy.acts.includes(act));
}

/** Somebody as four eyes tell them apart: whichever of their accounts they come by. */
export interface Someone {
  readonly name: string;
  readonly person: string;
  /** Who made the token that they come by, and has seen it. */
  readonly maker: string | null;
  /** False for who is only at the API's machine, where anybody is whom they say. */
  readonly signedIn: boolean;
}

/** Why somebody may not be the second person for what another one asked; null where they may. */
export function refuseSecond(asker: Omit<Someone, 'signedIn'>, second: Someone): string | null {
  if (!second.signedIn) return 'the second person signs in: being on the machine of the API does not say who that is';
  if (second.name === asker.name || second.person === asker.person)
    return `${asker.name} asked for it, and ${second.name} is the same person: another one must approve`;
  if (second.maker === asker.person)
    return `${asker.name} asked for it and made the token of ${second.name}: who else has it is not known`;
  if (asker.maker === second.person)
    return `${second.name} made the token of ${asker.name}, who asked for it: who else has it is not known`;
  return null;
}
