import { JOB_TYPES } from '../../shared/job.ts';
import type { EndedJob } from '../../shared/snapshot.ts';
import { routeTo } from '../route.ts';
import { EndedChip, JobChip } from './job-chip.tsx';
import { useJobStates, type JobState } from './job-state.ts';
import type { QueuedJob } from './queued-files.ts';

/** The same job stands at the same place in every row. */
const placeOf = (jobType: string): number => {
  const place = JOB_TYPES.findIndex((each) => each === jobType);
  return place === -1 ? JOB_TYPES.length : place;
};

/** Everything that is, will be or was made of one file, each as a way to its page. */
export function FileChips({
  jobs,
  states,
  ended,
  chosen,
  to,
}: {
  readonly jobs: readonly QueuedJob[];
  /** Of `jobs`, in their order. */
  readonly states: readonly JobState[];
  /** What is over already, the newest of each type. */
  readonly ended: readonly EndedJob[] | undefined;
  /** The job that is looked at. */
  readonly chosen?: string | undefined;
  /** The address of a queued job. */
  readonly to: (jobId: string) => string;
}) {
  const over = (ended ?? []).filter(({ jobType }) => !jobs.some((job) => job.jobType === jobType));
  const chips = [
    ...over.map((job) => ({
      place: placeOf(job.jobType),
      chip: <EndedChip key={job.jobId} job={job} current={job.jobId === chosen} />,
    })),
    ...jobs.map((job, index) => ({
      place: placeOf(job.jobType),
      chip: (
        <JobChip
          key={job.jobId}
          jobType={job.jobType}
          {...(states[index] ?? { says: '', state: 'waiting' })}
          href={to(job.jobId)}
          current={job.jobId === chosen}
        />
      ),
    })),
  ];
  return <span className="job-chips">{chips.sort((a, b) => a.place - b.place).map(({ chip }) => chip)}</span>;
}

const NONE: readonly QueuedJob[] = [];

/** The same in another view than the queue: what is still to be made leads there. */
export function ChipsOfFile({
  queued = NONE,
  ended,
  chosen,
}: {
  readonly queued: readonly QueuedJob[] | undefined;
  readonly ended: readonly EndedJob[] | undefined;
  readonly chosen?: string | undefined;
}) {
  const states = useJobStates(queued);
  const to = (jobId: string): string => routeTo('queue', jobId);
  return <FileChips jobs={queued} states={states} ended={ended} chosen={chosen} to={to} />;
}
