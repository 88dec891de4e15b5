import type { CampaignPace } from '../campaign/campaign.ts';
import type { ReconcileMode } from '../machine.ts';
import type { MaintenanceRequest } from '../requests.ts';
import type { DriftKind, DriftSource, FirmwareSpec } from './drift.ts';
import type { ReconcileLimits } from './limits.ts';

/** A drift that a campaign may put right, with what is wanted of its machine. */
export interface Amendable {
  readonly id: number;
  readonly machineId: string;
  readonly kind: DriftKind;
  readonly name: string;
  readonly source: DriftSource;
  readonly pool: string;
  readonly profileId: string;
  readonly mode: ReconcileMode;
  readonly limits: ReconcileLimits;
  readonly wants: {
    readonly bios: Readonly<Record<string, string | number | boolean>>;
    readonly firmware: Readonly<Record<string, FirmwareSpec>>;
  };
}

export interface Proposal {
  readonly pool: string;
  readonly mode: ReconcileMode;
  readonly machineIds: readonly string[];
  readonly driftIds: readonly number[];
  readonly request: MaintenanceRequest;
  readonly reason: string;
  readonly pace: CampaignPace;
}

export interface PlannedDrift {
  readonly campaignId: string;
  /** Why its plan would be another one now, and so could not be started; null while it could. */
  readonly change: string | null;
  readonly machines: number;
  readonly request: Readonly<Record<string, unknown>>;
  /** What of it is still to be put right. */
  readonly drifts: readonly Amendable[];
}
