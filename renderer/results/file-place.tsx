import { useTranslation } from 'react-i18next';
import type { RootState } from '../../shared/snapshot.ts';
import { folderOf } from '../format/name.ts';
import { useCopy, useReveal } from '../ui/use-path.ts';
import { useAgent } from '../use-agent.ts';
import { IconButton } from './icon-button.tsx';

/**
 * Where a source lies on this machine, from its name in the catalogue; null when no media root of that name is here.
 * Only names: paths a server prefix maps are known to the agent alone.
 */
export function localPath(sourcePath: string, roots: readonly Pick<RootState, 'name' | 'path'>[]): string | null {
  const slash = sourcePath.indexOf('/');
  const root = roots.find(({ name }) => name === (slash === -1 ? sourcePath : sourcePath.slice(0, slash)));
  if (root === undefined || slash === -1) return null;
  const windows = /^[A-Za-z]:|^\\\\/.test(root.path);
  const rest = sourcePath.slice(slash + 1);
  return `${root.path.replace(/[\\/]+$/, '')}${windows ? '\\' : '/'}${windows ? rest.replaceAll('/', '\\') : rest}`;
}

/** The folder of a source, with what one does with a path. */
export function FilePlace({ sourcePath }: { readonly sourcePath: string }) {
  const { t } = useTranslation();
  const roots = useAgent((snapshot) => snapshot.roots);
  const { copied, copy } = useCopy();
  const reveal = useReveal();
  const local = localPath(sourcePath, roots);
  return (
    <div className="detail-path">
      <p className="path">
        <bdi>{folderOf(sourcePath)}</bdi>
      </p>
      <IconButton
        icon={copied ? 'done' : 'copy'}
        label={copied ? t('verb.copied') : t('results.copyPath')}
        onClick={() => copy(local ?? sourcePath)}
      />
      {reveal !== undefined && local !== null && (
        <IconButton icon="reveal" label={t('results.reveal')} onClick={() => reveal(local)} />
      )}
    </div>
  );
}
