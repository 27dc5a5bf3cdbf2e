import { type DoctorCheck, ok, warning } from '../../core/health-check.js';
import type { LocalParts } from './local-parts.js';
import { canExchange, probeFilesystem } from './probe.js';

/** Tests the capabilities of the store's filesystem in tmp/. */
export async function tryOut(
  { disk, layout, stagingPath }: LocalParts,
  workspace: string,
  lease: string,
): Promise<DoctorCheck[]> {
  const prefix = stagingPath(lease, 'probe');
  await probeFilesystem(disk, prefix, workspace);
  return [
    ok('writable', 'hard links, kernel locks and fsync of a directory work'),
    (await canExchange(disk, prefix))
      ? ok('exchange', 'directories are replaced in one step')
      : warning(
          'exchange',
          'directories are replaced by two renames; after a crash, a later command finishes them',
          'nothing to do; another filesystem could do it in one step',
        ),
    (await disk.syncFilesystem(layout.tmp))
      ? ok('syncfs', 'many files are synced at once')
      : warning('syncfs', "'sync -f' is missing: storing many files is slower", 'install GNU coreutils'),
  ];
}
