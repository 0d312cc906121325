import { useTranslation } from 'react-i18next';
import { CAPABILITIES, JOB_TYPE_OF } from '../../shared/job.ts';
import type { WaitReason } from '../../shared/snapshot.ts';
import { withLabels } from '../format/labels.ts';
import { visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { useInstant, useLanguage } from '../use-agent.ts';

/** Turns a reason into a sentence. */
export function useReason(): (reason: WaitReason) => string {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const capability = useCapabilityName();
  return (reason) => {
    switch (reason.kind) {
      case 'slot':
      case 'paused':
      case 'draining':
      case 'yielding':
      case 'not-allowed':
      case 'source-growing':
      case 'held':
        return t(`wait.${reason.kind}`);
      case 'unsupported-type':
        return t('wait.unsupported-type', { jobType: visible(reason.jobType) });
      case 'no-capability':
        return t('wait.no-capability', { capability: capability(reason.capability) });
      case 'profile-untested':
      case 'profile-failed':
        return t(`wait.${reason.kind}`, { profile: withLabels(visible(reason.profile), t) });
      case 'root-unknown':
        return t('wait.root-unknown', { path: visible(reason.path) });
      case 'root-unavailable':
        return t('wait.root-unavailable', { root: visible(reason.root) });
      case 'rule-root':
        return t('wait.rule-root', { root: visible(reason.root) });
      case 'rule-size':
        return t('wait.rule-size', {
          size: bytes(reason.sizeBytes, language),
          most: bytes(reason.mostBytes, language),
        });
      case 'held-off':
        return t('wait.held-off', { until: instant(reason.until) });
      case 'set-aside':
        return t('wait.set-aside', { count: reason.crashes });
      case 'quiet-hours':
        return reason.until === undefined
          ? t('wait.quiet-hours')
          : t('wait.quiet-hours-until', { until: instant(reason.until) });
      case 'disk':
        return t('wait.disk', { needed: bytes(reason.neededBytes, language), free: bytes(reason.freeBytes, language) });
    }
  };
}

export function useCapabilityName(): (name: string) => string {
  const { t } = useTranslation();
  return (name) => {
    const known = CAPABILITIES.find((capability) => capability === name);
    return known === undefined ? t('capability.other', { name: visible(name) }) : t(`capability.${JOB_TYPE_OF[known]}`);
  };
}
