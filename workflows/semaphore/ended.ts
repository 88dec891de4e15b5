/** Ids of requests that have ended, so that a late repetition of one is not taken for a new one. Bounded: beyond it, the ledger knows. */
export class EndedRequests {
  private readonly reasons = new Map<string, string>();
  static readonly max = 2000;

  constructor(ids: readonly string[] = []) {
    for (const id of ids) this.add(id, 'this request has ended already');
  }

  has(id: string): boolean {
    return this.reasons.has(id);
  }

  why(id: string): string | undefined {
    return this.reasons.get(id);
  }

  add(id: string, why: string): void {
    this.reasons.set(id, why);
    for (const oldest of this.reasons.keys()) {
      if (this.reasons.size <= EndedRequests.max) break;
      this.reasons.delete(oldest);
    }
  }

  ids(): string[] {
    return [...this.reasons.keys()];
  }
}
