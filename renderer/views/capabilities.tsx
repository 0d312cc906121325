import { Switch } from '@base-ui/react/switch';
import { useTranslation } from 'react-i18next';
import { isFailing, isMade, type CapabilityState, type ProfileState } from '../../shared/capability-state.ts';
import { PROFILES_OF } from '../../shared/job.ts';
import { took } from '../format/durations.ts';
import { withLabels } from '../format/labels.ts';
import { routeTo } from '../route.ts';
import { SpeechModels } from '../models/speech-models.tsx';
import { Icon, jobIcon } from '../ui/icon.tsx';
import { Button, Facts, Said, State, ViewHeader, type Tone } from '../ui/parts.tsx';
import { useAgent, useCommand, useInstant, useLanguage } from '../use-agent.ts';
import { Accelerators, Tools } from './machine.tsx';

/** What this machine can do, why, and what is missing. */
export function CapabilitiesView() {
  const { t } = useTranslation();
  const capabilities = useAgent((snapshot) => snapshot.capabilities);
  return (
    <>
      <ViewHeader title={t('capabilities.title')} note={t('capabilities.intro')} />
      <div className="view-body">
        <ul className="cards cards-two">
          {capabilities.map((capability) => (
            <li key={capability.name}>
              <CapabilityCard capability={capability} />
            </li>
          ))}
        </ul>
        <SpeechModels />
        <Tools />
        <Accelerators />
      </div>
    </>
  );
}

function CapabilityCard({ capability }: { capability: CapabilityState }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const instant = useInstant();
  const { available, send } = useCommand();
  const { name: id, jobType, proof, enabled } = capability;
  const name = t(`capability.${jobType}`);
  const running = proof.status === 'running';
  const ran = proof.status === 'passed' || proof.status === 'failed' ? proof : null;
  const [tone, text] = offerText(capability);
  return (
    <article className="card capability" data-off={enabled ? undefined : ''} aria-label={name}>
      <Icon name={jobIcon(jobType)} size={22} />
      <div className="capability-what">
        <h2>{name}</h2>
        <p>{t(`capability.purpose.${jobType}`)}</p>
      </div>
      <Switch.Root
        className="switch"
        checked={enabled}
        disabled={!available}
        aria-label={t('capabilities.switch', { name })}
        onCheckedChange={(checked) => void send('setCapability', { capability: id, enabled: checked })}
      >
        <Switch.Thumb className="switch-thumb" />
      </Switch.Root>
      <div className="capability-state">
        <State tone={tone}>{t(`capabilities.${text}`)}</State>
      </div>
      {proof.status === 'failed' && (
        <div className="capability-why">
          <h3>{t('capabilities.why')}</h3>
          <Said code={proof.reason.code} message={proof.reason.message} nextStep={proof.reason.nextStep} />
        </div>
      )}
      {proof.status === 'missing' && proof.reason !== undefined && enabled && (
        <div className="capability-choose">
          <Said code={proof.reason.code} message={proof.reason.message} nextStep={proof.reason.nextStep} />{' '}
          <a href={routeTo('settings')}>{t('capabilities.openSettings')}</a>
        </div>
      )}
      {capability.withdrawn !== undefined && (
        <div className="capability-why">
          <p>{t('capabilities.withdrawnSince', { time: instant(capability.withdrawn.since) })}</p>
          <Said code={capability.withdrawn.because.code} message={capability.withdrawn.because.message} />
        </div>
      )}
      <Profiles capability={capability} />
      <div className="capability-proof">
        {ran !== null && (
          <Facts
            rows={[
              [
                t('capabilities.proof'),
                // The agent says it in English.
                language === 'en' ? ran.what : t(`capabilities.proofOf.${jobType}`),
              ],
              [t('capabilities.proofWhen'), instant(ran.ranAt)],
              [t('capabilities.proofTook'), took(ran.wallMs, language)],
            ]}
          />
        )}
      </div>
      <div className="capability-actions">
        <Button
          icon="retry"
          quiet
          disabled={!available || running || (proof.status === 'missing' && proof.reason !== undefined)}
          label={t('verb.testNamed', { name })}
          onClick={() => void send('testCapability', { capability: id })}
        >
          {running ? t('verb.testing') : t('verb.test')}
        </Button>
      </div>
    </article>
  );
}

/** What a capability makes, where it makes several things: each is proved by itself. */
function Profiles({ capability: { jobType, proof, enabled, profiles = [] } }: { capability: CapabilityState }) {
  const { t } = useTranslation();
  if (!enabled || profiles.length === 0 || (proof.status === 'missing' && proof.reason !== undefined)) return null;
  return (
    <section className="capability-profiles" aria-label={t('capabilities.profiles')}>
      <ul>
        {profiles.map((profile) => (
          <li key={profile.name}>
            <span>{withLabels(profile.name, t)}</span> <ProfileProof profile={profile} />
            {/* Why the standard one fails is said above: its proof is the capability's. */}
            <WhyNot profile={profile} said={profile.name === PROFILES_OF[jobType]?.standard} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function ProfileProof({ profile }: { profile: ProfileState }) {
  const { t } = useTranslation();
  if (profile.proof.status === 'running') return <State tone="active">{t('capabilities.profile.running')}</State>;
  if (isFailing(profile)) return <State tone="bad">{t('capabilities.profile.failed')}</State>;
  if (isMade(profile)) return <State tone="good">{t('capabilities.profile.made')}</State>;
  return <State tone="quiet">{t('capabilities.profile.untested')}</State>;
}

function WhyNot({ profile: { proof, withdrawn }, said }: { profile: ProfileState; said: boolean }) {
  const { t } = useTranslation();
  const instant = useInstant();
  if (withdrawn !== undefined) {
    return (
      <>
        <p>{t('capabilities.profileWithdrawn', { time: instant(withdrawn.since) })}</p>
        <Said code={withdrawn.because.code} message={withdrawn.because.message} />
      </>
    );
  }
  if (proof.status !== 'failed' || said) return null;
  return <Said code={proof.reason.code} message={proof.reason.message} nextStep={proof.reason.nextStep} />;
}

function offerText(capability: CapabilityState) {
  const { proof, enabled, declared, withdrawn, profiles = [] } = capability;
  const say = <T extends string>(tone: Tone, text: T) => [tone, text] as const;
  if (proof.status === 'running') return say('active', 'running');
  if (!enabled) return say('quiet', 'off');
  if (withdrawn !== undefined) return say('bad', 'withdrawn');
  if (declared && profiles.some(isFailing)) return say('caution', 'declaredInPart');
  if (proof.status === 'failed') return say('bad', 'notProved');
  if (proof.status === 'missing') return say('quiet', proof.reason === undefined ? 'missing' : 'toChoose');
  if (declared) return say('good', 'declared');
  return profiles.some(isFailing) ? say('bad', 'withdrawn') : say('quiet', 'notDeclared');
}
