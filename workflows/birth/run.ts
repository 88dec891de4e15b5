import type { BeginResult, BirthStep } from '../../contract/birth.ts';
import { takePermit } from '../outage/permit.ts';
import { InstallRun } from '../passage/install.ts';
import type { Ended } from '../passage/outcome.ts';

/** One birth or rebirth under way: what it knows besides what every passage knows. */
export class BirthRun extends InstallRun<BirthStep> {
  mustBoot = false;
  /** Why a person has to say who it is; undefined where it looks like nobody. */
  newcomer: string | undefined;
  /** Of a rebirth: whether it goes along the belt, from which there is no way back. */
  onBelt = false;
  biosWritten = false;
  passwordChanged = false;

  /** Not live when it ended before it began; a machine in production leaves by its groups' permits. */
  async beginBirth(): Promise<BeginResult | Ended> {
    const start = { ...this.errand, next: this.start('rack') };
    let begun = await this.effects.birth.beginBirth(start);
    if (begun.leaves) {
      const unpermitted = await takePermit(this, 'rack', 'reboot', {});
      if (unpermitted !== null) return unpermitted;
      begun = await this.effects.birth.beginBirth({ ...start, permitted: true });
    }
    await this.take(begun);
    this.mustBoot = begun.boot;
    this.newcomer = begun.newcomer;
    this.begun = begun.live;
    return begun;
  }
}
