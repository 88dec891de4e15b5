/**
 * BrainSlug's two flows, and who may go which edge of them: CERN's Roger states (docs/orders.md has the table). Pure
 * and without dependencies: the passages name the edge they go, and the MDB's side refuses every other.
 */
import type { ActorClass, OpState } from './machine.ts';
import { type Flow, flows } from './requests.ts';

/** Whose edges a passage goes: a flow's, or for what neither flow knows the passages' own. */
export type Route = Flow | 'passage';

export interface Edge {
  readonly from: OpState;
  readonly to: OpState;
  /** What makes it happen. */
  readonly trigger: string;
  /** Who may: `system` is the orchestrator, `node` BrainSlug on the machine or for it, `user` an operator. */
  readonly actor: ActorClass;
  readonly flows: readonly Route[];
}

const both = flows;

/** Every edge of the basic and the orchestrated flow, and of passages that follow neither; there is no other. */
export const edges = [
  { from: 'production', to: 'draining', trigger: 'start', actor: 'system', flows: both },
  { from: 'draining', to: 'hard_reboot', trigger: 'drained', actor: 'node', flows: both },
  { from: 'draining', to: 'hard_reboot', trigger: 'drain time-out', actor: 'node', flows: both },
  { from: 'hard_reboot', to: 'disabled', trigger: 'booted', actor: 'node', flows: both },
  { from: 'disabled', to: 'production', trigger: 'check passed', actor: 'node', flows: both },
  { from: 'disabled', to: 'disabled', trigger: 'check failed', actor: 'node', flows: both },
  { from: 'draining', to: 'production', trigger: 'stop draining', actor: 'user', flows: ['basic'] },
  { from: 'draining', to: 'disabled', trigger: 'restore', actor: 'user', flows: ['orchestrated'] },
  { from: 'hard_reboot', to: 'intervention', trigger: 'reboot time-out', actor: 'system', flows: ['orchestrated'] },
  { from: 'disabled', to: 'intervention', trigger: 'checks used up', actor: 'system', flows: ['orchestrated'] },
  { from: 'intervention', to: 'disabled', trigger: 'operator', actor: 'user', flows: ['orchestrated'] },
  // Asked for by the payload: another state after the reboot, or a person's hands after the drain.
  { from: 'disabled', to: 'draining', trigger: 'post-reboot state', actor: 'system', flows: both },
  { from: 'disabled', to: 'intervention', trigger: 'post-reboot state', actor: 'system', flows: both },
  { from: 'draining', to: 'intervention', trigger: 'drained for a person', actor: 'system', flows: ['orchestrated'] },
  // The pool spares it, its window has closed, or its group has no place in line: nobody's word, but as with one.
  { from: 'draining', to: 'production', trigger: 'called off', actor: 'system', flows: ['basic'] },
  { from: 'draining', to: 'disabled', trigger: 'called off', actor: 'system', flows: ['orchestrated'] },
  // Power and rebirth take it as it is; maintenance works on what is drained; a repair goes on from a silent reboot.
  { from: 'production', to: 'disabled', trigger: 'undrained', actor: 'system', flows: ['passage'] },
  { from: 'draining', to: 'disabled', trigger: 'work begins', actor: 'system', flows: ['passage'] },
  { from: 'hard_reboot', to: 'disabled', trigger: 'stayed silent', actor: 'system', flows: ['passage'] },
] as const satisfies readonly Edge[];

export type Trigger = (typeof edges)[number]['trigger'];

/** What a passage asks for: where to, along whose edges, and why. */
export interface Move {
  readonly from: OpState;
  readonly to: OpState;
  readonly flow: Route;
  readonly trigger: Trigger;
}

/**
 * The edge of a move, for whoever's word it is; null is Farrier's own, which does what is the orchestrator's and what is
 * BrainSlug's, and nothing that is an operator's. A sentence where there is no such edge.
 */
export function judgeMove({ from, to, flow, trigger }: Move, by: ActorClass | null): Edge | string {
  const edge = (edges as readonly Edge[]).find(
    (one) => one.from === from && one.to === to && one.trigger === trigger && one.flows.includes(flow),
  );
  if (edge === undefined) return `the ${flow} flow has no edge from ${from} to ${to} by "${trigger}"`;
  if (by === null ? edge.actor !== 'user' : edge.actor === by) return edge;
  return `from ${from} to ${to} by "${trigger}" is for ${actors[edge.actor]}, and not for ${by === null ? 'Farrier itself' : actors[by]}`;
}

const actors: Readonly<Record<ActorClass, string>> = {
  system: 'the orchestrator',
  node: 'the machine',
  user: 'an operator',
};
