import { type DoctorCheck, ok, warning } from '../../core/health-check.js';
import type { LocalParts } from './local-parts.js';
import { canExchange, probeFilesystem } from './probe.js';

/** What the filesystem of a store can do, tried in its tmp/. */
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
      ? ok('exchange', 'a directory is replaced in one step')
      : warning(
          'exchange',
          'a directory is replaced by two renames, which a later command finishes after a crash',
          'nothing to do; another filesystem would do it in one step',
        ),
    (await disk.syncFilesystem(layout.tmp))
      ? ok('syncfs', 'many files are made durable at once')
      : warning(
          'syncfs',
          "there is no 'sync -f': many files are stored more slowly",
          'install GNU coreutils',
        ),
  ];
}
