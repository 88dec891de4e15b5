import type { BirthStep } from '../../contract/birth.ts';
import { InstallRun } from '../passage/install.ts';
import { birthActivities } from '../proxies.ts';

/** One birth or rebirth under way: what it knows besides what every passage knows. */
export class BirthRun extends InstallRun<BirthStep> {
  mustBoot = false;
  /** Why a person has to say who it is; undefined where it looks like nobody. */
  newcomer: string | undefined;
  biosWritten = false;
  passwordChanged = false;

  async beginBirth(): Promise<boolean> {
    const begun = await birthActivities.beginBirth({ ...this.errand, next: this.start('rack') });
    await this.take(begun);
    this.mustBoot = begun.boot;
    this.newcomer = begun.newcomer;
    return begun.live;
  }
}
