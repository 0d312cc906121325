import { useTranslation } from 'react-i18next';
import { isJobType, JOB_TYPES } from '../shared/job.ts';
import type { ServerPolicy } from '../shared/server-policy.ts';
import { visible } from './format/name.ts';
import { bytes } from './format/numbers.ts';
import { useLanguage } from './use-agent.ts';

type PolicyPart = 'poll' | 'parallel' | 'types' | 'hours' | 'quiet' | 'roots' | 'size';

/** What the server wants of this agent, part by part, in the order of a sentence; what it leaves open is absent. */
export function usePolicyText(): (policy: ServerPolicy) => ReadonlyMap<PolicyPart, string> {
  const { t } = useTranslation();
  const language = useLanguage();
  return (policy) => {
    const { minPollIntervalSeconds: poll, maxParallelJobs: parallel, quietHours: quiet, workHours: hours } = policy;
    const { allowedJobTypes: types, allowedRoots: roots, maxSourceBytes: size } = policy;
    const said = new Map<PolicyPart, string>();
    if (poll !== undefined) said.set('poll', t('health.policyPoll', { count: poll }));
    if (parallel !== undefined) said.set('parallel', t('health.policyParallel', { count: parallel }));
    // All that are known here are no limit.
    if (types !== undefined && !JOB_TYPES.every((type) => types.includes(type))) {
      const names = types.filter(isJobType).map((type) => t(`jobType.${type}`));
      said.set('types', t('health.policyTypes', { types: names.length === 0 ? '–' : names.join(', ') }));
    }
    if (hours !== undefined) {
      const zone = hours.timezone === undefined ? t('health.policyOwnZone') : visible(hours.timezone);
      said.set('hours', t('health.policyHours', { start: hours.start, end: hours.end, zone }));
    }
    if (quiet !== undefined) said.set('quiet', t('health.policyQuiet', { start: quiet.start, end: quiet.end }));
    if (roots !== undefined) said.set('roots', t('health.policyRoots', { roots: roots.map(visible).join(', ') }));
    if (size !== undefined) said.set('size', t('health.policySize', { size: bytes(size, language) }));
    return said;
  };
}
