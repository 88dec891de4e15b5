/** One sensor of a reading. */
export interface SensorRow {
  readonly chassis: string;
  readonly name: string;
  readonly kind: string;
  readonly value: number;
  readonly unit: string;
  readonly health: string | null;
}
