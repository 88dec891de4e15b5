import type { Stage } from '../../domain/machine.ts';
import { PassageRun } from './run.ts';

/** A passage that ends with a machine installed and in service: what its steps *deploy* and *ready* know of it. */
export class InstallRun<Step extends string = never> extends PassageRun<Step | 'deploy' | 'ready'> {
  hostname = '';
  /** Milliseconds that the installed system has, and whether its silence may be answered with a restart. */
  readyLimit: number = this.course.limits.ready;
  mayRestart = true;

  reached(stage: Stage): void {
    this.state = { ...this.state, stage };
  }
}
