import type { Controller } from './controller.ts';

/** A change that somebody asks of a controller. */
export interface ChangeRequest {
  readonly controller: Controller;
  readonly method: string;
  /** Below `/redfish/v1`, by the names used in here. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The body as it came. */
  readonly text: string;
}
