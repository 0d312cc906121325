import type { JobType } from '../../../shared/wire.ts';
import type { Executor } from './executor.ts';

/** Every job type has at most one executor; a type without one is never claimed. */
export type ExecutorRegistry = { readonly [T in JobType]?: Executor<T> };
