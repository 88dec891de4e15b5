import { sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';
import { iso, type Row, rowsOf } from '../rows.ts';
import { macsOf } from './witness.ts';

interface AnswerCount {
  readonly state: string;
  readonly answer: string;
  readonly requests: number;
  readonly answers: number;
}

interface Asker {
  readonly mac: string;
  readonly machineId: string | null;
  readonly hostname: string | null;
  readonly requests: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

export interface BootFigures {
  readonly minutes: number;
  readonly requests: number;
  readonly answers: number;
  readonly byAnswer: AnswerCount[];
  /** MACs that asked most, at most twenty. */
  readonly busiest: Asker[];
}

/** Boot requests and answers of the last minutes, and who asked most. */
export async function readBootStats(mdb: MdbOrTransaction, minutes: number): Promise<BootFigures> {
  const recent = sql`minute >= date_trunc('minute', now() - ${minutes} * interval '1 minute')`;
  const byAnswer = await rowsOf<AnswerCount & Row>(
    mdb,
    sql`select state, answer, sum(requests)::int as requests, sum(answers)::int as answers from boot_counts
      where ${recent} group by state, answer order by requests desc`,
  );
  const busiest = await rowsOf<Asker & Row>(
    mdb,
    sql`select c.mac, n.machine_id as "machineId", m.hostname, c.requests, c."lastAt" from (
        select mac, sum(requests)::int as requests, max(last_at) as "lastAt" from boot_counts where ${recent}
        group by mac order by requests desc, mac limit 20) c
      left join nics n on n.mac::text = c.mac left join machines m on m.id = n.machine_id
      order by c.requests desc, c.mac`,
  );
  const sum = (of: 'requests' | 'answers') => byAnswer.reduce((total, row) => total + row[of], 0);
  return {
    minutes,
    requests: sum('requests'),
    answers: sum('answers'),
    byAnswer,
    busiest: busiest.map((row) => ({ ...row, lastAt: iso(row.lastAt) })),
  };
}

export interface BootMinute {
  readonly mac: string;
  /** ISO 8601. */
  readonly lastAt: string;
  readonly state: string;
  readonly answer: string;
  readonly requests: number;
  readonly answers: number;
}

/** Boot requests of one machine by minute, newest first. */
export async function listBootsOf(mdb: MdbOrTransaction, machineId: string, limit: number): Promise<BootMinute[]> {
  const rows = await rowsOf<BootMinute & Row>(
    mdb,
    sql`select mac, last_at as "lastAt", state, answer, requests, answers from boot_counts
      where mac in ${macsOf(machineId)} order by last_at desc, state, answer limit ${limit}`,
  );
  return rows.map((row) => ({ ...row, lastAt: iso(row.lastAt) }));
}
