import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ServerPolicy } from '../../shared/server-policy.ts';
import { Activity } from '../activity/activity.tsx';
import { clock } from '../format/durations.ts';
import { visible } from '../format/name.ts';
import { bytes } from '../format/numbers.ts';
import { usePolicyText } from '../policy-text.ts';
import { Button, Facts, Said, Section, State, ViewHeader } from '../ui/parts.tsx';
import { useAgent, useCommand, useInstant, useLanguage, usePage } from '../use-agent.ts';
import { Isolation } from './machine.tsx';

/** Whether the agent, its server, its disk and its media are all right. */
export function HealthView() {
  const { t } = useTranslation();
  return (
    <>
      <ViewHeader title={t('health.title')}>
        <Diagnostics />
      </ViewHeader>
      <div className="view-body health">
        <Activity />
        <Connection />
        <Agent />
        <Disk />
        <Isolation />
        <Roots />
      </div>
    </>
  );
}

/** One click: a redacted bundle, kept by the browser as a download. */
function Diagnostics() {
  const { t } = useTranslation();
  const { bridge, notify } = usePage();
  const { available } = useCommand();
  const [busy, setBusy] = useState(false);
  const save = async (): Promise<void> => {
    setBusy(true);
    const answer = await bridge.call('diagnostics', {});
    setBusy(false);
    if (!answer.ok) return notify(answer.refusal);
    const bytes = Uint8Array.from(atob(answer.output.zipBase64), (character) => character.codePointAt(0) ?? 0);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
    link.download = answer.output.fileName;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return (
    <Button icon="save" disabled={!available || busy} onClick={() => void save()}>
      {t('verb.diagnostics')}
    </Button>
  );
}

function Connection() {
  const { t } = useTranslation();
  const instant = useInstant();
  const server = useAgent((snapshot) => snapshot.server);
  const clock = useClockText(server.clockAheadMs);
  const embedded = useAgent(({ agent }) => agent.embeddedServer);
  const tone = server.link === 'connected' ? 'good' : server.link === 'connecting' ? 'active' : 'bad';
  return (
    <Section title={t('health.connection')}>
      <Facts
        rows={[
          [
            t('health.state'),
            <State key="state" tone={tone}>
              {t(`server.${server.link}`)}
            </State>,
          ],
          [t('health.address'), embedded ? `${server.url} (${t('health.embedded')})` : server.url],
          [t('health.since'), instant(server.since)],
          [
            t('health.lastContact'),
            server.lastContactAt === undefined ? t('health.never') : instant(server.lastContactAt),
          ],
          [t('health.clock'), clock],
          [
            t('health.policy'),
            server.policy === undefined ? undefined : <Policy key="policy" policy={server.policy} />,
          ],
        ]}
      />
      {server.problem !== undefined && (
        <div className="problem">
          <Said code={server.problem.code} message={server.problem.message} nextStep={server.problem.nextStep} />
        </div>
      )}
    </Section>
  );
}

/** Closer than this the clocks agree, as far as an answer's whole seconds can tell. */
const CLOCK_AGREES_MS = 3_000;

/** Undefined while no answer told the server's time. */
function useClockText(aheadMs: number | undefined): string | undefined {
  const { t } = useTranslation();
  if (aheadMs === undefined) return undefined;
  if (Math.abs(aheadMs) < CLOCK_AGREES_MS) return t('health.clockAgrees');
  const by = clock(Math.abs(aheadMs));
  return t(aheadMs > 0 ? 'health.clockAhead' : 'health.clockBehind', { by });
}

function Policy({ policy }: { policy: ServerPolicy }) {
  const said = usePolicyText()(policy);
  return <>{[...said.values()].join(' · ') || '–'}</>;
}

function Agent() {
  const { t } = useTranslation();
  const instant = useInstant();
  const agent = useAgent((snapshot) => snapshot.agent);
  const totals = useAgent((snapshot) => snapshot.totals);
  const tools = useAgent((snapshot) => snapshot.tools);
  const versions = tools.flatMap(({ name, version }) =>
    version === undefined ? [] : [`${t(`toolName.${name}`)} ${version}`],
  );
  return (
    <Section title={t('health.agent')}>
      <Facts
        rows={[
          [t('health.name'), visible(agent.name)],
          [t('health.version'), agent.version],
          [t('health.tools'), versions.length === 0 ? undefined : visible(versions.join(' · '))],
          [t('health.platform'), agent.platform],
          [t('health.agentId'), agent.agentId === undefined ? '–' : <code key="id">{agent.agentId}</code>],
          [t('health.started'), instant(agent.startedAt)],
          [t('health.totals'), t('health.totalsValue', { ...totals })],
        ]}
      />
    </Section>
  );
}

function Disk() {
  const { t } = useTranslation();
  const language = useLanguage();
  const disk = useAgent((snapshot) => snapshot.disk);
  return (
    <Section title={t('health.disk')}>
      <Facts
        rows={[
          [t('health.workFolder'), <bdi key="folder">{visible(disk.workFolder)}</bdi>],
          [t('health.free'), disk.freeBytes === undefined ? t('health.unknown') : bytes(disk.freeBytes, language)],
        ]}
      />
      {disk.full && (
        <div className="problem">
          <State tone="bad">{t('health.diskFull')}</State>
        </div>
      )}
    </Section>
  );
}

function Roots() {
  const { t } = useTranslation();
  const instant = useInstant();
  const roots = useAgent((snapshot) => snapshot.roots);
  return (
    <Section title={t('health.roots')}>
      {roots.length === 0 ? (
        <p className="hint">{t('health.rootsEmpty')}</p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('health.root')}</th>
              <th scope="col">{t('health.state')}</th>
              <th scope="col">{t('health.folder')}</th>
              <th scope="col">{t('health.checked')}</th>
            </tr>
          </thead>
          <tbody>
            {roots.map((root) => (
              <tr key={root.name}>
                <th scope="row">{visible(root.name)}</th>
                <td>
                  <State tone={root.readable ? 'good' : 'bad'}>
                    {root.readable ? t('health.readable') : t('health.unreadable')}
                  </State>
                  {root.problem !== undefined && (
                    <Said code={root.problem.code} message={root.problem.message} nextStep={root.problem.nextStep} />
                  )}
                </td>
                <td className="path-cell">
                  <bdi>{visible(root.path)}</bdi>
                </td>
                <td>{instant(root.checkedAt)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}
