import type { Reader } from '../read/reader.ts';
import { object } from '../read/values.ts';
import type { Json } from '../transport.ts';
import type { Basis } from './offers.ts';

/** A controller that is being asked what it offers; each resource is read once, and only where it is needed. */
export class ProbeReader {
  readonly reader: Reader;
  readonly basis: Basis;

  constructor(reader: Reader, basis: Basis) {
    this.reader = reader;
    this.basis = basis;
  }

  /** A resource by its path; empty where it can't be read. */
  async at(path: string | null): Promise<Json> {
    return path === null ? {} : object(await this.reader.resource({ '@odata.id': path }));
  }

  host(): Promise<Json> {
    return this.at(this.basis.systemPath);
  }

  manager(): Promise<Json> {
    return this.at(this.basis.managerPath);
  }

  /** Chassis that the host links to. */
  chassis(): Promise<Json[]> {
    return Promise.all(this.basis.chassisPaths.map((path) => this.at(path)));
  }

  /** The service that the root links to by one of these names; null where there is none or it can't be read. */
  async service(...names: readonly string[]): Promise<Json | null> {
    const name = names.find((one) => this.reader.root[one] !== undefined);
    return name === undefined ? null : this.reader.resource(this.reader.root[name]);
  }
}
