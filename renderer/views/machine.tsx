import { useTranslation } from 'react-i18next';
import type { AcceleratorState, ToolState } from '../../shared/snapshot.ts';
import { visible } from '../format/name.ts';
import { cardMemory } from '../format/numbers.ts';
import { Said, Section, State } from '../ui/parts.tsx';
import { useAgent, useLanguage } from '../use-agent.ts';

/** The tools the agent found, with what is wrong with the others. */
export function Tools() {
  const { t } = useTranslation();
  const tools = useAgent((snapshot) => snapshot.tools);
  return (
    <Section title={t('capabilities.tools')}>
      {tools.length === 0 ? (
        <p className="hint">{t('capabilities.toolsEmpty')}</p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('capabilities.tool')}</th>
              <th scope="col">{t('capabilities.version')}</th>
              <th scope="col">{t('capabilities.path')}</th>
              <th scope="col">{t('capabilities.origin')}</th>
            </tr>
          </thead>
          <tbody>
            {tools.map((tool) => (
              <ToolRow key={tool.name} tool={tool} />
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

const ORIGINS = ['setting', 'environment', 'bundled', 'ffmpeg-static', 'PATH'] as const;

function ToolRow({ tool }: { tool: ToolState }) {
  const { t } = useTranslation();
  const origin = ORIGINS.find((known) => known === tool.origin);
  return (
    <>
      <tr data-problem={tool.problem === undefined ? undefined : ''}>
        <th scope="row">{t(`toolName.${tool.name}`)}</th>
        <td>
          {tool.found ? (
            (tool.version ?? '–')
          ) : (
            <State tone={isChoice(tool) ? 'quiet' : 'bad'}>
              {/* What is there and cannot be used was found. */}
              {t(tool.path === undefined ? 'capabilities.notFound' : 'capabilities.unusable')}
            </State>
          )}
        </td>
        <td className="path-cell">{tool.path === undefined ? '–' : <bdi>{visible(tool.path)}</bdi>}</td>
        <td>{origin === undefined ? (tool.origin ?? '–') : t(`toolOrigin.${origin}`)}</td>
      </tr>
      {tool.problem !== undefined && (
        <tr className="table-note">
          <td colSpan={4}>
            <Said code={tool.problem.code} message={tool.problem.message} nextStep={tool.problem.nextStep} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A model that nobody has chosen yet is not broken. */
function isChoice({ name }: ToolState): boolean {
  return name === 'speech-model' || name === 'speech-detector';
}

const LEVEL_TONES = { full: 'good', 'limits-only': 'caution', off: 'caution', 'none-may-run': 'bad' } as const;

/** How far the tools that read media are really kept away from the rest of the machine. */
export function Isolation() {
  const { t } = useTranslation();
  const sandbox = useAgent((snapshot) => snapshot.sandbox);
  return (
    <Section title={t('capabilities.sandbox')}>
      {sandbox === null ? (
        <p className="hint">{t('capabilities.sandboxUnknown')}</p>
      ) : (
        <>
          <p>
            <State tone={LEVEL_TONES[sandbox.level]}>{t(`capabilities.sandboxLevel.${sandbox.level}`)}</State>
          </p>
          {sandbox.level === 'full' && (
            <p className="hint">
              {t('capabilities.sandboxTool', {
                tool: sandbox.tool ?? '',
                version: sandbox.version ?? '',
                ms: sandbox.startMs ?? 0,
              })}
            </p>
          )}
          {sandbox.problem !== undefined && (
            <Said
              code={sandbox.problem.code}
              message={visible(sandbox.problem.message)}
              nextStep={sandbox.problem.nextStep}
            />
          )}
        </>
      )}
    </Section>
  );
}

/** Graphics processors, and for which encoders each was proved. */
export function Accelerators() {
  const { t } = useTranslation();
  const accelerators = useAgent((snapshot) => snapshot.accelerators);
  return (
    <Section title={t('capabilities.accelerators')}>
      {accelerators.length === 0 ? (
        <p className="hint">{t('capabilities.acceleratorsEmpty')}</p>
      ) : (
        accelerators.map((accelerator) => <Accelerator key={accelerator.name} accelerator={accelerator} />)
      )}
    </Section>
  );
}

function Accelerator({ accelerator }: { accelerator: AcceleratorState }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const { name, driver, memoryMb, encoders } = accelerator;
  return (
    <div className="accelerator">
      <h3>{visible(name)}</h3>
      <p className="hint">
        {[
          driver === undefined ? null : t('capabilities.driver', { driver }),
          memoryMb === undefined ? null : t('capabilities.memory', { size: cardMemory(memoryMb, language) }),
        ]
          .filter((part) => part !== null)
          .join(' · ')}
      </p>
      {encoders.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('capabilities.encoder')}</th>
              <th scope="col">{t('capabilities.pixelFormat')}</th>
              <th scope="col">{t('capabilities.encoderState')}</th>
            </tr>
          </thead>
          <tbody>
            {encoders.map((encoder) => (
              <tr key={`${encoder.encoder} ${encoder.pixelFormat}`}>
                <th scope="row">
                  <code>{encoder.encoder}</code>
                </th>
                <td>
                  <code>{encoder.pixelFormat}</code>
                </td>
                <td>
                  <State tone={encoder.proved ? 'good' : 'caution'}>
                    {encoder.proved ? t('capabilities.proved') : t('capabilities.foundNotProved')}
                  </State>
                  {encoder.reason !== undefined && <Said message={visible(encoder.reason)} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
