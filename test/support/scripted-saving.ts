import { placesOf, planned } from '../../electron/agent/exports/save-plan.ts';
import { targetFolders } from '../../electron/agent/exports/save-target.ts';
import type { DeliveredProxy } from '../../electron/agent/journal/history-rows.ts';
import type { CommandOutput, Parsed } from '../../shared/commands.ts';
import type { EndedJob } from '../../shared/snapshot.ts';

/** Answers `planSaving` by the real planning, of proxies that a scripted agent shows; no disk is looked at. */
export async function planOfDone(
  done: readonly EndedJob[],
  { layout, arrangement, folder, assetUuids }: Parsed<'planSaving'>,
): Promise<CommandOutput<'planSaving'>> {
  const proxies = done.filter(({ assetUuid }) => assetUuids.includes(assetUuid)).flatMap(proxiesOf);
  const out = arrangement === 'beside' ? '/media' : folder;
  const files: CommandOutput<'planSaving'>['files'] = [];
  const foldersFor = targetFolders(
    { layout, arrangement: arrangement === 'beside' ? 'mirrored' : arrangement, out },
    [],
  );
  for await (const placed of placesOf(proxies, { layout, foldersFor, occupantOf: async () => 'free' })) {
    files.push(planned(placed));
  }
  return {
    files,
    total: proxies.length,
    totalBytes: proxies.reduce((sum, { proxy }) => sum + proxy.size_bytes, 0),
    withoutTimecode: proxies.filter(({ timecode }) => !timecode).length,
  };
}

function proxiesOf({ assetUuid, sourcePath, ending }: EndedJob): DeliveredProxy[] {
  if (ending.kind !== 'done') return [];
  const [artifact] = ending.artifacts.filter(({ kind }) => kind.startsWith('proxy_'));
  if (artifact === undefined) return [];
  const isEdit = artifact.contentType === 'video/quicktime';
  const proxy = {
    kind: artifact.kind,
    ref: artifact.ref,
    content_type: artifact.contentType,
    size_bytes: artifact.sizeBytes,
    sha256: '0'.repeat(64),
    profile: isEdit ? 'edit_prores_proxy_v1' : 'video_review_default_v1',
  };
  return [{ assetUuid, sourcePath, proxy, timecode: isEdit }];
}
