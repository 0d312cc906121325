import { useTranslation } from 'react-i18next';
import { STAGES } from '../../shared/snapshot.ts';

/** A job's step in words; one that no agent of this version has is not told. */
export function useStageName(): (stage: string | undefined) => string {
  const { t } = useTranslation();
  return (stage) => {
    const known = STAGES.find((each) => each === stage);
    return known === undefined ? '' : t(`stage.${known}`);
  };
}
