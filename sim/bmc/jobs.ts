import type { Make } from './document.ts';
import { collection, type Document, linkTo } from './links.ts';
import type { Personality } from './personality.ts';
import type { Task } from './tasks.ts';

const jobs = '/JobService/Jobs';

/** The job queue of families that have one: their tasks once more, in the words of jobs. */
export function jobDocument(path: string, { tasks }: Personality): Make | undefined {
  if (!tasks.jobs || !path.startsWith('/JobService')) return undefined;
  if (path === '/JobService') return () => jobService;
  if (path === jobs)
    return ({ controller }) =>
      collection(
        'Job',
        'Jobs',
        controller.tasks.jobs().map(({ id }) => `${jobs}/${id}`),
      );
  return ({ controller }) => {
    const found = controller.tasks.jobs().find(({ id }) => path === `${jobs}/${id}`);
    return found && jobOf(found);
  };
}

function jobOf({ began, end, ended, id, met, name }: Task): Document {
  return {
    '@odata.type': '#Job.v1_0_7.Job',
    Id: id,
    Name: name,
    JobState: end ? (end.state === 'Completed' ? 'Completed' : 'Failed') : met ? 'Scheduled' : 'Running',
    JobStatus: end?.status ?? 'OK',
    PercentComplete: end ? 100 : 0,
    StartTime: new Date(began).toISOString(),
    ...(ended !== undefined && { EndTime: new Date(ended).toISOString() }),
    Messages: [
      {
        MessageId: end?.messageId ?? (met ? 'IDRAC.2.8.JCP001' : 'IDRAC.2.8.PR20'),
        Message: end?.message ?? (met ? 'Task successfully scheduled.' : 'Job in progress.'),
      },
    ],
  };
}

const jobService: Document = {
  '@odata.type': '#JobService.v1_0_5.JobService',
  Id: 'JobService',
  Name: 'Jobs',
  ServiceEnabled: true,
  Jobs: linkTo(jobs),
};
