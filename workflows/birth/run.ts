import type { BirthStep } from '../../contract/birth.ts';
import { takePermit } from '../outage/permit.ts';
import { InstallRun } from '../passage/install.ts';
import type { Ended } from '../passage/outcome.ts';
import { birthActivities } from '../proxies.ts';

/** One birth or rebirth under way: what it knows besides what every passage knows. */
export class BirthRun extends InstallRun<BirthStep> {
  mustBoot = false;
  /** Why a person has to say who it is; undefined where it looks like nobody. */
  newcomer: string | undefined;
  biosWritten = false;
  passwordChanged = false;

  /** Not live when it ended before it began; a machine in production leaves by its groups' permits. */
  async beginBirth(): Promise<boolean | Ended> {
    const start = { ...this.errand, next: this.start('rack') };
    let begun = await birthActivities.beginBirth(start);
    if (begun.leaves) {
      const unpermitted = await takePermit(this, 'rack', 'reboot', {});
      if (unpermitted !== null) return unpermitted;
      begun = await birthActivities.beginBirth({ ...start, permitted: true });
    }
    await this.take(begun);
    this.mustBoot = begun.boot;
    this.newcomer = begun.newcomer;
    return begun.live;
  }
}
