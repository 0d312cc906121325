import type { JobType } from '../../../shared/job.ts';
import type { Executor } from '../execution.ts';

/** Every job type has at most one executor; a type without one is never claimed. */
export type ExecutorRegistry = { readonly [T in JobType]?: Executor<T> };

/**
 * The executor for a job whose type is known only at run time. The registry pairs each type with its own executor,
 * which the compiler cannot follow through a union; a job is always handed to the executor of its own type.
 */
export function executorFor(registry: ExecutorRegistry, jobType: JobType): Executor<JobType> | undefined {
  return registry[jobType] as unknown as Executor<JobType> | undefined;
}
