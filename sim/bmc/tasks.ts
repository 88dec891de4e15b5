import type { Document } from './links.ts';
import { linkTo, simServiceRoot } from './links.ts';
import type { TaskRules } from './personality.ts';
import type { Reply } from './reply.ts';

/** How a task ended, as the controller tells it: state and status need not agree (quirks 27 and 59). */
export interface TaskEnd {
  readonly state: 'Completed' | 'Exception' | 'Cancelled';
  readonly status: 'OK' | 'Warning' | 'Critical';
  readonly message: string;
  readonly messageId?: string;
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly began: number;
  /** Of real time; null for a task that ends when something else happens, or never. */
  readonly milliseconds: number | null;
  end?: TaskEnd;
  ended?: number;
  monitorGone?: boolean;
  /** Whether what it waits for has come about. */
  met?: () => boolean;
  readonly timer?: NodeJS.Timeout;
}

const max = 100;
export const completed: TaskEnd = { state: 'Completed', status: 'OK', message: 'The task has completed successfully.' };

/** The end of a task, or what it waits for before it completes. */
export type Finish = TaskEnd | { readonly met: () => boolean; readonly name: string };

function brokenOff(error: Error): TaskEnd {
  return { state: 'Exception', status: 'Critical', message: `The task was broken off: ${error.message}.` };
}

/** The tasks of one controller. A task with a duration ends by a timer, and has its effect then. */
export class Tasks {
  readonly #rules: TaskRules;
  readonly #speed: number;
  #count = 0;
  #tasks: Task[] = [];
  /** What the queue shows, which forgets later than the task service. */
  #jobs: Task[] = [];

  constructor(rules: TaskRules, speed: number) {
    this.#rules = rules;
    this.#speed = speed;
  }

  /**
   * Begins a task of that many seconds of the machine's life; `finish` does its work and says how it ended, or what it
   * waits for now. A `finish` that takes time asks `live` before it changes anything: the controller may have started
   * again meanwhile.
   */
  begin(name: string, seconds: number, finish: (live: () => boolean) => Finish | Promise<Finish>): Task {
    const milliseconds = (seconds * 1000) / this.#speed;
    const timer = setTimeout(async () => {
      const work = async () => finish(() => this.#tasks.includes(task));
      const end = await work().catch(brokenOff);
      if ('met' in end) Object.assign(task, end);
      else this.#close(task, end);
    }, milliseconds);
    timer.unref();
    const task: Task = this.#add({ name, milliseconds, timer });
    return task;
  }

  /** A task that ends when a condition is met; with none it stays where it is for ever. */
  await(name: string, met: () => boolean = () => false): Task {
    return this.#add({ name, milliseconds: null, met });
  }

  #add(part: Pick<Task, 'name' | 'milliseconds' | 'met' | 'timer'>): Task {
    this.#count += 1;
    const task: Task = { ...part, id: this.#rules.id(this.#count), began: Date.now() };
    this.#tasks = [...this.#tasks, task].slice(-max);
    if (this.#rules.jobs) this.#jobs = [...this.#jobs, task].slice(-max);
    return task;
  }

  #close(task: Task, end: TaskEnd): void {
    task.end = end;
    task.ended = Date.now();
  }

  list(): readonly Task[] {
    for (const task of this.#tasks) if (!task.end && task.met?.()) this.#close(task, completed);
    const { purgeSeconds } = this.#rules;
    if (purgeSeconds !== null) {
      const oldest = Date.now() - (purgeSeconds * 1000) / this.#speed;
      this.#tasks = this.#tasks.filter(({ ended }) => ended === undefined || ended >= oldest);
    }
    return this.#tasks;
  }

  /** The queue, for those that have one. */
  jobs(): readonly Task[] {
    this.list();
    return this.#jobs;
  }

  find(id: string): Task | undefined {
    return this.list().find((task) => task.id === id);
  }

  /** The answer to whoever reads a task's monitor. */
  monitor(id: string): Reply | undefined {
    const task = this.find(id);
    if (!task || task.monitorGone || this.#rules.monitor === 'absent') return undefined;
    const headers = { location: monitorOf(task), 'retry-after': '30' };
    if (!task.end) return { status: 202, headers, body: this.document(task) };
    if (this.#rules.monitor === 'once') {
      task.monitorGone = true;
      return { status: 204 };
    }
    if (this.#rules.monitor === 'deletes') this.#tasks = this.#tasks.filter((one) => one !== task);
    return { status: 200, body: this.document(task) };
  }

  document(task: Task): Document {
    const { end, began, ended, id, name, milliseconds } = task;
    const share = milliseconds === null ? 0 : Math.min(0.99, (Date.now() - began) / milliseconds);
    const message = end?.message ?? 'The task is running.';
    return {
      '@odata.type': '#Task.v1_7_3.Task',
      '@odata.id': `${simServiceRoot}/TaskService/Tasks/${id}`,
      Id: id,
      Name: name,
      TaskState: end?.state ?? (share < 0.2 ? this.#rules.first : 'Running'),
      TaskStatus: end?.status ?? 'OK',
      PercentComplete: end ? 100 : Math.floor(share * 100),
      StartTime: new Date(began).toISOString(),
      ...(ended !== undefined && { EndTime: new Date(ended).toISOString() }),
      ...(this.#rules.monitor !== 'absent' && { TaskMonitor: monitorOf(task) }),
      Messages: [{ MessageId: end?.messageId ?? 'TaskEvent.1.0.3.TaskProgressChanged', Message: message }],
    };
  }

  /** The reply to a command that goes on in this task. */
  accepted(task: Task): Reply {
    const location =
      this.#rules.monitor === 'absent' ? `${simServiceRoot}/TaskService/Tasks/${task.id}` : monitorOf(task);
    return { status: 202, headers: { location, 'retry-after': '30' }, body: this.document(task) };
  }

  /** Forgets all tasks, as a controller does that keeps them in memory; running ones have no effect any more. */
  forget(): void {
    for (const { timer } of this.#tasks) clearTimeout(timer);
    this.#tasks = [];
  }
}

function monitorOf({ id }: Task): string {
  return linkTo(`/TaskService/TaskMonitors/${id}`)['@odata.id'];
}
