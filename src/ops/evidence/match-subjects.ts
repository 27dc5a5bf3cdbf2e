import type { ProvenanceStatement } from '../../core/evidence/provenance.js';
import { MANIFEST_NAME } from '../../core/manifest/manifest-name.js';
import { escapeText } from '../../core/text/escape-control.js';
import { HsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import { hashFile } from '../payload/hash-file.js';
import { realDirectory, walkTree } from '../payload/walk-tree.js';

/**
 * Compares a file or directory with the subjects of a statement: a file must be one of them, a directory must contain
 * all of them and nothing else but the manifest. INTEGRITY names the first difference.
 */
export async function matchSubjects(
  disk: Disk,
  path: string,
  statement: ProvenanceStatement,
): Promise<number> {
  const { subject, predicate } = statement;
  if ((await disk.stat(path)).kind !== 'directory') {
    const { hash } = await hashFile(disk, path);
    if (!subject.some((s) => s.digest.sha256 === hash)) throw differs(path, 'does not match the attestation');
    return 1;
  }
  const wanted = new Map(subject.map((s) => [s.name ?? '', s.digest.sha256]));
  const manifest = predicate.runDetails.byproducts?.find((b) => b.name === MANIFEST_NAME)?.digest?.sha256;
  let matched = 0;
  for await (const file of walkTree(disk, await realDirectory(disk, path), {}, () => {})) {
    const { hash } = await hashFile(disk, file.location);
    const expected = wanted.get(file.path);
    if (expected === hash) matched += 1;
    else if (expected !== undefined) throw differs(file.path, 'does not match the attestation');
    else if (file.path !== MANIFEST_NAME || manifest !== hash) throw differs(file.path, 'was not attested');
  }
  if (matched === wanted.size) return matched;
  throw new HsError('INTEGRITY', `${wanted.size - matched} of ${wanted.size} attested files are missing`);
}

function differs(path: string, how: string): HsError {
  return new HsError('INTEGRITY', `'${escapeText(path)}' ${how}`);
}
