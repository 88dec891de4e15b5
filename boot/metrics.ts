import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface BootMetrics {
  answered(state: string, answer: string, seconds: number): void;
  served(bytes: number): void;
  limited(admission: 'slow' | 'no'): void;
  /** The metrics as Prometheus reads them. */
  text(): Promise<string>;
}

/** Metrics of one birther. No label holds a name or a MAC: `/metrics` is readable on the birth network. */
export function createBootMetrics(outage: () => boolean): BootMetrics {
  const registry = new Registry();
  const registers = [registry];
  const answers = new Counter({
    name: 'farrier_boot_answers_total',
    help: 'Boot requests answered, by the state met and the answer given',
    labelNames: ['state', 'answer'],
    registers,
  });
  const seconds = new Histogram({
    name: 'farrier_boot_answer_seconds',
    help: 'Time from a boot request to its answer',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2],
    registers,
  });
  const limited = new Counter({
    name: 'farrier_boot_limited_total',
    help: 'Requests beyond the rate of one source: slow got a script that waits, no got 429',
    labelNames: ['admission'],
    registers,
  });
  const files = new Counter({ name: 'farrier_boot_files_total', help: 'Files served', registers });
  const bytes = new Counter({ name: 'farrier_boot_file_bytes_total', help: 'Bytes of files served', registers });
  new Gauge({
    name: 'farrier_boot_mdb_away',
    help: '1 while the MDB does not answer',
    registers,
    collect() {
      this.set(outage() ? 1 : 0);
    },
  });
  return {
    answered(state, answer, took) {
      answers.inc({ state, answer });
      seconds.observe(took);
    },
    served(count) {
      files.inc();
      bytes.inc(count);
    },
    limited: (admission) => limited.inc({ admission }),
    text: () => registry.metrics(),
  };
}
