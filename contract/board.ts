/** What is said about a mainboard that was replaced. Plain data: it is written into histories. */

import type { BoardFactor, BoardObserved } from '../domain/identity/board.ts';
import type { BoardAnswer } from '../domain/identity/boardanswer.ts';
import type { PassageReference } from './passage.ts';

export interface BoardLook extends PassageReference {
  /** The key of another certificate that a person has compared; absent: only the pinned one is spoken to. */
  readonly key?: string;
}

export type BoardObservation =
  /** `quarantined`: shut out for another identity or certificate, of which nothing is to be seen now. */
  | { readonly state: 'same'; readonly quarantined: boolean }
  /** Some of it is the machine's, and some is not. */
  | {
      readonly state: 'swapped';
      readonly observed: BoardObserved;
      readonly agree: readonly BoardFactor[];
      readonly differ: readonly BoardFactor[];
      /** Whether none of the ports it shows is the one the machine boots from. */
      readonly bootPortGone: boolean;
    }
  /** Nothing of it is the machine's. */
  | { readonly state: 'other'; readonly reason: string }
  /** Another certificate; nothing was sent. */
  | { readonly state: 'key'; readonly key: string }
  | { readonly state: 'unread'; readonly reason: string }
  | { readonly state: 'none' };

export interface BoardAccept extends PassageReference {
  /** Of the human step that it was accepted in: the same again is the same board. */
  readonly id: string;
  readonly observed: BoardObserved;
  readonly answer: BoardAnswer;
}

export type BoardAccepted =
  | { readonly accepted: true; readonly keysLost: boolean }
  | { readonly accepted: false; readonly why: string };
