import type { TFunction } from 'i18next';
import { filesOf } from '../selectors.ts';
import { count } from './numbers.ts';

/** “12 files (31 jobs)”: people count files, and each may have several jobs; alike, only the files are told. */
export function filesAndJobs(jobs: readonly { readonly assetUuid: string }[], t: TFunction, language: string): string {
  const files = filesOf(jobs);
  const said = t('amount.files', { count: files, shown: count(files, language) });
  if (files === jobs.length) return said;
  return `${said} (${t('amount.jobs', { count: jobs.length, shown: count(jobs.length, language) })})`;
}
