import { setTimeout as sleep } from 'node:timers/promises';
import { freeMib } from '../../host/space.ts';
import { Supervisor } from '../../host/supervise.ts';
import { bringUp, type Up } from './bring.ts';
import { machineCount, type UpOptions } from './options.ts';
import { upPlaces } from './places.ts';
import { openUpScreen, type UpScreen } from './screen.ts';
import { SetupSteps } from './steps.ts';
import { formatSeconds, stepLine } from './view.ts';
import { type FleetFigures, readFleet } from './watch.ts';

/** More machines than this are shown by rack, and read by rack. */
const maxSingle = 60;
const pollMs = 500;
const minFreeMib = 200;

export interface Terminal {
  readonly out: NodeJS.WriteStream;
  /** Aborted when everything is to be stopped. */
  readonly stop: AbortSignal;
  /** Aborted when there is no patience left for that. */
  readonly kill: AbortSignal;
}

/** Brings everything up, shows it until it is told to stop, and stops it. Returns the exit code of the process. */
export async function runUp(
  options: UpOptions,
  shell: Readonly<Record<string, string>>,
  terminal: Terminal,
): Promise<number> {
  const supervisor = new Supervisor();
  const steps = new SetupSteps();
  const screen = openUpScreen(terminal.out, options.view);
  const show = new Show(options, steps, supervisor, screen);
  const redraw = setInterval(() => show.draw(), 200);
  terminal.kill.addEventListener('abort', () => supervisor.kill());
  let up: Up | null = null;
  const upping = bringUp({ options, shell, steps, supervisor, stop: terminal.stop });
  try {
    up = await untilAborted(upping, terminal.stop);
    if (up === null) return options.once ? 130 : 0;
    show.arrived(up);
    return await show.follow(up, terminal.stop);
  } catch (error) {
    show.fail(error);
    return 1;
  } finally {
    clearInterval(redraw);
    show.stopping();
    await supervisor.stop();
    await upping.then(
      (one) => one.close(),
      () => {},
    );
    screen.close();
  }
}

function untilAborted<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  const aborted = new Promise<null>((resolve) => {
    if (stop.aborted) resolve(null);
    stop.addEventListener('abort', () => resolve(null), { once: true });
  });
  return Promise.race([work, aborted]);
}

/** Holds what is to be seen and puts it on the screen. */
class Show {
  readonly #options: UpOptions;
  readonly #steps: SetupSteps;
  readonly #supervisor: Supervisor;
  readonly #screen: UpScreen;
  readonly #told = new Set<string>();
  readonly #began = performance.now();
  #fleet: FleetFigures | null = null;
  #notes: readonly string[] = [];
  #outage: string | null = null;
  #places: readonly (readonly [string, string])[] = [];
  #over = false;

  constructor(options: UpOptions, steps: SetupSteps, supervisor: Supervisor, screen: UpScreen) {
    this.#options = options;
    this.#steps = steps;
    this.#supervisor = supervisor;
    this.#screen = screen;
    steps.on('change', () => this.#tellSteps());
  }

  #seconds(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Each step that ended is printed once, to stay. */
  #tellSteps(): void {
    for (const step of this.#steps.list()) {
      if ((step.state !== 'done' && step.state !== 'failed') || this.#told.has(step.title)) continue;
      this.#told.add(step.title);
      this.#screen.say(stepLine(step));
    }
  }

  draw(): void {
    if (this.#over) return;
    this.#screen.show({
      steps: this.#steps.list(),
      services: this.#supervisor.list(),
      fleet: this.#fleet,
      expected: machineCount(this.#options),
      notes: this.#outage === null ? this.#notes : [...this.#notes, this.#outage],
      places: this.#places,
    });
  }

  arrived(up: Up): void {
    this.#notes = up.notes;
    this.#screen.say(`Farrier is up after ${formatSeconds(this.#seconds())}`);
    this.#places = upPlaces(up, this.#options.listen);
  }

  /** Follows the machines until told to stop or, with `--once`, until all are in service or cannot get there. */
  async follow(up: Up, stop: AbortSignal): Promise<number> {
    for (let round = 0; !stop.aborted; round++) {
      await this.#look(up);
      if (round % 20 === 0) await this.#checkSpace(up);
      this.draw();
      const verdict = this.#options.once ? this.#verdict() : null;
      if (verdict !== null) return verdict;
      await sleep(pollMs, undefined, { signal: stop }).catch(() => {});
    }
    return this.#options.once ? 130 : 0;
  }

  async #look(up: Up): Promise<void> {
    try {
      this.#fleet = await readFleet(up.mdb, maxSingle);
      this.#outage = null;
    } catch (error) {
      this.#outage = `the machine database does not answer: ${error instanceof Error ? error.message : error}`;
    }
  }

  async #checkSpace(up: Up): Promise<void> {
    const free = await freeMib(up.layout.data).catch(() => Number.POSITIVE_INFINITY);
    const low = `the disk that holds ${up.layout.data} has only ${Math.floor(free)} MiB left`;
    this.#notes = free < minFreeMib ? [...up.notes, low] : up.notes;
  }

  #verdict(): number | null {
    const fleet = this.#fleet;
    if (!fleet) return null;
    const expected = machineCount(this.#options);
    if (fleet.total >= expected && fleet.inService === fleet.total) {
      this.#end(`All ${fleet.total} machines are in service after ${formatSeconds(this.#seconds())}`);
      return 0;
    }
    if (fleet.total >= expected && fleet.inService + fleet.held === fleet.total)
      return this.#missed('wait for a person');
    if (this.#seconds() > this.#options.timeoutSeconds) {
      return this.#missed(`are not in service after ${this.#options.timeoutSeconds} seconds`);
    }
    return null;
  }

  #missed(why: string): number {
    const fleet = this.#fleet;
    const missing = Math.max(machineCount(this.#options), fleet?.total ?? 0) - (fleet?.inService ?? 0);
    this.#end(`${missing} machines ${why}`);
    for (const machine of fleet?.machines.filter((one) => one.stage !== 'in_service').slice(0, 20) ?? []) {
      this.#screen.say(
        `  ${machine.hostname ?? machine.id}: ${machine.held ?? `${machine.stage}, ${machine.step ?? 'between steps'}`}`,
      );
    }
    return 1;
  }

  fail(error: unknown): void {
    this.#end(`✘ ${error instanceof Error ? error.message : String(error)}`);
    // What nobody planned comes with the place in the code, for whoever is asked about it.
    if (error instanceof Error && ['Error', 'TypeError'].includes(error.name) && error.stack)
      this.#screen.say(error.stack);
  }

  stopping(): void {
    const names = this.#supervisor.list().map((service) => service.name);
    this.draw();
    this.#over = true;
    this.#screen.close();
    if (names.length > 0) this.#screen.say(`Stopping ${names.toReversed().join(', ')}`);
  }

  #end(line: string): void {
    this.draw();
    this.#screen.say(line);
  }
}
