/** Adoption: a machine taken in by its controller's address alone. Names and plain data of its workflow. */

export const adoptionWorkflow = 'adoption';

export function adoptionWorkflowId(adoptionId: string): string {
  return `adoption/${adoptionId}`;
}

/** All else is in the MDB, under this id. */
export interface AdoptionInput {
  readonly adoptionId: string;
  readonly siteId: string;
}
