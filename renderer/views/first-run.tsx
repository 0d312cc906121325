import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import type { CapabilityState } from '../../shared/capability-state.ts';
import { routeTo } from '../route.ts';
import { FolderPicker } from '../ui/folder-picker.tsx';
import { Icon } from '../ui/icon.tsx';
import { Button, Said } from '../ui/parts.tsx';
import { useAgent, useBridge, useCommand } from '../use-agent.ts';
import { add, addSamples, choosing, watchFolders, type WorkChoice } from '../work/adding.ts';
import { choices } from '../work/choice.tsx';

/** One machine and nothing done yet: the two shortest ways to a first proxy. */
export function FirstRun() {
  const { t } = useTranslation();
  const bridge = useBridge();
  const { available } = useCommand();
  const { state } = useStore(choosing);
  const [picking, setPicking] = useState<'media' | 'folder' | null>(null);
  const adding = useAgent((snapshot) => snapshot.adding?.phase);
  const busy = state.kind === 'looking' || state.kind === 'handing' || adding === 'finding' || adding === 'adding';
  const able = useAgent(useShallow(({ capabilities }) => capabilities.filter(canWork).map(({ jobType }) => jobType)));
  const choice = (): WorkChoice => ({ ...choices.getState(), jobTypes: able });
  return (
    <section className="first-run" aria-labelledby="first-run-title">
      <h2 id="first-run-title">{t('first.title')}</h2>
      <p>{t('first.body')}</p>
      <ol className="first-steps">
        <li>
          <Icon name="folder" size={20} />
          <h3>{t('first.ownTitle')}</h3>
          <p>{t('first.ownBody')}</p>
          <div className="first-acts">
            <button
              type="button"
              className="button button-main"
              disabled={!available || busy}
              onClick={() => setPicking('media')}
            >
              {t('first.own')}
            </button>
            <Button disabled={!available || busy} onClick={() => setPicking('folder')}>
              {t('first.watch')}
            </Button>
          </div>
          <a href={routeTo('add')}>{t('first.choosy')}</a>
        </li>
        <li>
          <Icon name="video" size={20} />
          <h3>{t('first.samplesTitle')}</h3>
          <p>{t('first.samplesBody')}</p>
          <Button disabled={!available || busy} onClick={() => void addSamples(bridge, choice())}>
            {t('first.samples')}
          </Button>
        </li>
      </ol>
      <p className="hint" role="status">
        {busy ? t('first.making') : ''}
      </p>
      {state.kind === 'refused' && (
        <div className="problem" role="alert">
          <Said code={state.refusal.code} message={state.refusal.message} nextStep={state.refusal.nextStep} />
        </div>
      )}
      <p className="hint">{t('first.server')}</p>
      {picking !== null && (
        <FolderPicker
          what={picking}
          start=""
          onClose={() => setPicking(null)}
          onChosen={(paths) => void (picking === 'folder' ? watchFolders : add)(bridge, paths, choice())}
        />
      )}
    </section>
  );
}

/** What nobody has set up yet would only wait: a first run shows results. */
function canWork({ declared, enabled, proof }: CapabilityState): boolean {
  return (
    declared || (enabled && (proof.status === 'running' || (proof.status === 'missing' && proof.reason === undefined)))
  );
}
