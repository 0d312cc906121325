import type { ServerLog } from '../options.ts';
import { FolderStore } from './folder/folder-store.ts';
import type { S3Options } from './s3/address.ts';
import type { DerivedStore } from './store.ts';

interface OpenedStore {
  readonly files: DerivedStore;
  /** The one in the data folder; the same where no other was asked for. */
  readonly folder: DerivedStore;
}

/** Opens the store of derived files, and tries it. @throws ServerStartError DERIVED_… */
export async function openDerived(
  dataDir: string,
  s3: S3Options | undefined,
  log: Pick<ServerLog, 'warn'>,
): Promise<OpenedStore> {
  const folder = new FolderStore(dataDir, log);
  const files = s3 === undefined ? folder : await openS3(s3, dataDir, log);
  await files.prepare();
  return { files, folder };
}

async function openS3(options: S3Options, dataDir: string, log: Pick<ServerLog, 'warn'>): Promise<DerivedStore> {
  // A server with a folder does without the library.
  const { S3Store } = await import('./s3/s3-store.ts');
  return new S3Store(options, dataDir, log);
}
