import type { TFunction } from 'i18next';
import { filesOf } from '../selectors.ts';
import { count } from './numbers.ts';

/** “12 files (31 jobs)”: people count files, and each may have several jobs; alike, only the files are told. */
export function amountOf(files: number, jobs: number, t: TFunction, language: string): string {
  const said = t('amount.files', { count: files, shown: count(files, language) });
  return files === jobs ? said : `${said} (${t('amount.jobs', { count: jobs, shown: count(jobs, language) })})`;
}

export function filesAndJobs(jobs: readonly { readonly assetUuid: string }[], t: TFunction, language: string): string {
  return amountOf(filesOf(jobs), jobs.length, t, language);
}
