/** A person's word that a controller is a machine's, where too few factors tell. */
export interface IdentityAnswer {
  readonly by: string;
  readonly reason: string;
  /** What the controller showed when the word was first relied on: another one is another question. */
  readonly observed: { readonly uuid: string | null; readonly serials: readonly string[] } | null;
}
