import type { ChangeRequest } from '../change.ts';
import type { Controller } from '../controller.ts';
import type { Make, View } from '../document.ts';
import type { Document } from '../links.ts';
import type { Reply } from '../reply.ts';

/** One thing more that a controller can do; each says what it adds to resources that are there for other reasons. */
export interface Feature {
  /** A resource of its own; undefined for paths that are none. */
  document?(path: string): Make | undefined;
  /** Properties that it adds to a resource. */
  adorn?(path: string, view: View): Document;
  /** Actions that it adds to a resource. */
  actions?(path: string, view: View): Document;
  /** Methods that it adds to a resource, besides those of its actions. */
  methods?(path: string, controller: Controller): readonly string[];
  /** Carries out a change; undefined for those that are none of its. */
  act?(change: ChangeRequest): Reply | undefined;
}
