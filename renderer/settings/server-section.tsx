import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Refusal } from '../../shared/failure.ts';
import { isManaged } from '../../shared/settings.ts';
import { took } from '../format/durations.ts';
import { Button, Said, State } from '../ui/parts.tsx';
import { useAgent, useBridge, useCommand, useLanguage } from '../use-agent.ts';

type Outcome =
  | { readonly kind: 'idle' | 'busy' | 'paired' | 'token-needed' }
  | { readonly kind: 'accepted'; readonly ms: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** Which server the agent works for, whether it answers, and how to pair with another. */
export function ServerSection() {
  const { t } = useTranslation();
  const server = useAgent((snapshot) => snapshot.server);
  const embedded = useAgent(({ agent }) => agent.embeddedServer);
  const { values, origins } = useAgent(({ settings }) => settings);
  const { available, send } = useCommand();
  const [pairing, setPairing] = useState(false);
  const managed = isManaged(origins.serverUrl);
  return (
    <div className="server-now">
      <p>
        {embedded ? t('settings.ownServer') : <bdi className="server-url">{server.url}</bdi>}{' '}
        <State tone={server.link === 'connected' ? 'good' : 'caution'}>{t(`server.${server.link}`)}</State>
      </p>
      <PendingRestart />
      {managed && <p className="origin">{t(`settings.origin.${origins.serverUrl}`)}</p>}
      <div className="input-row">
        {!embedded && <TestNow url={server.url} />}
        {!pairing && (
          <Button icon="key" disabled={!available} onClick={() => setPairing(true)}>
            {embedded ? t('settings.pairOpen') : t('settings.pairAgain')}
          </Button>
        )}
        {values.serverUrl !== '' && !managed && (
          <Button disabled={!available} onClick={() => void send('changeSettings', { change: { serverUrl: null } })}>
            {t('settings.useOwn')}
          </Button>
        )}
      </div>
      {pairing && <PairForm fixedUrl={managed ? server.url : undefined} onClose={() => setPairing(false)} />}
    </div>
  );
}

/** The address that was chosen is another one than the agent works for: it is read at the start. */
function PendingRestart() {
  const { t } = useTranslation();
  const chosen = useAgent(({ settings }) => settings.values.serverUrl);
  const url = useAgent(({ server }) => server.url);
  const embedded = useAgent(({ agent }) => agent.embeddedServer);
  if (embedded ? chosen === '' : chosen.replace(/\/+$/, '') === url) return null;
  return (
    <p className="note-restart" role="status">
      {chosen === '' ? t('settings.restartOwn') : t('settings.restartFor', { url: chosen })}
    </p>
  );
}

function TestNow({ url }: { readonly url: string }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const { available } = useCommand();
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'idle' });
  const test = async (): Promise<void> => {
    setOutcome({ kind: 'busy' });
    const answer = await bridge.call('testConnection', { serverUrl: url });
    setOutcome(answer.ok ? tested(answer.output) : { kind: 'refused', refusal: answer.refusal });
  };
  return (
    <>
      <Button icon="retry" disabled={!available || outcome.kind === 'busy'} onClick={() => void test()}>
        {t('settings.test')}
      </Button>
      <OutcomeText outcome={outcome} />
    </>
  );
}

const tested = (output: { answer: 'accepted' | 'token-needed'; roundTripMs: number }): Outcome =>
  output.answer === 'accepted' ? { kind: 'accepted', ms: output.roundTripMs } : { kind: 'token-needed' };

function OutcomeText({ outcome }: { readonly outcome: Outcome }) {
  const { t } = useTranslation();
  const language = useLanguage();
  return (
    <div className="outcome" role="status">
      {outcome.kind === 'busy' && t('settings.testing')}
      {outcome.kind === 'accepted' && (
        <State tone="good">{t('settings.accepted', { time: took(outcome.ms, language) })}</State>
      )}
      {outcome.kind === 'token-needed' && <State tone="caution">{t('settings.tokenNeeded')}</State>}
      {outcome.kind === 'paired' && <State tone="good">{t('settings.paired')}</State>}
      {outcome.kind === 'refused' && (
        <div className="problem">
          <Said code={outcome.refusal.code} message={outcome.refusal.message} nextStep={outcome.refusal.nextStep} />
        </div>
      )}
    </div>
  );
}

function PairForm({ fixedUrl, onClose }: { readonly fixedUrl: string | undefined; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const bridge = useBridge();
  const { available } = useCommand();
  const [url, setUrl] = useState(fixedUrl ?? '');
  const [kind, setKind] = useState<'token' | 'enrolment'>('enrolment');
  const [secret, setSecret] = useState('');
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'idle' });
  const usable = URL.canParse(url.trim()) && /^https?:/.test(url.trim());
  const busy = outcome.kind === 'busy' || !available;
  const test = async (): Promise<void> => {
    setOutcome({ kind: 'busy' });
    const token = kind === 'token' && secret.trim() !== '' ? { token: secret } : {};
    const answer = await bridge.call('testConnection', { serverUrl: url.trim(), ...token });
    setOutcome(answer.ok ? tested(answer.output) : { kind: 'refused', refusal: answer.refusal });
  };
  const pair = async (): Promise<void> => {
    setOutcome({ kind: 'busy' });
    const answer = await bridge.call('pair', { serverUrl: url.trim(), kind, secret });
    // The page keeps no secret longer than it takes to hand it over.
    if (answer.ok) setSecret('');
    setOutcome(answer.ok ? { kind: 'paired' } : { kind: 'refused', refusal: answer.refusal });
  };
  return (
    <form
      className="pair"
      aria-label={t('settings.pairTitle')}
      onSubmit={(event) => {
        event.preventDefault();
        if (usable && secret.trim() !== '' && !busy) void pair();
      }}
    >
      <label className="stacked">
        <span>{t('settings.address')}</span>
        <input
          className="input"
          type="url"
          placeholder={t('settings.addressExample')}
          value={url}
          disabled={fixedUrl !== undefined}
          onChange={({ target }) => setUrl(target.value)}
        />
      </label>
      <fieldset className="radios">
        <legend>{t('settings.secretKind')}</legend>
        {(['enrolment', 'token'] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="secret-kind" checked={kind === each} onChange={() => setKind(each)} />
            {t(`settings.secret.${each}`)}
          </label>
        ))}
      </fieldset>
      <label className="stacked">
        <span>{t(`settings.secret.${kind}`)}</span>
        <input
          className="input"
          type="password"
          autoComplete="off"
          value={secret}
          onChange={({ target }) => setSecret(target.value)}
        />
      </label>
      <p className="hint">{t('settings.secretKept')}</p>
      <div className="input-row">
        <button type="submit" className="button button-main" disabled={!usable || secret.trim() === '' || busy}>
          {t('settings.pair')}
        </button>
        <Button disabled={!usable || busy} onClick={() => void test()}>
          {t('settings.test')}
        </Button>
        <Button quiet onClick={onClose}>
          {t('verb.close')}
        </Button>
      </div>
      <OutcomeText outcome={outcome} />
    </form>
  );
}
