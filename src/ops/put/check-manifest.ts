import { canonicalText, decodeUtf8 } from '../../core/json/canonical.js';
import { manifestProblems } from '../../core/manifest/manifest.js';
import { checkFilenameHint, checkNewName } from '../../core/paths/safe-path.js';
import { isHsError } from '../../errors/hs-error.js';
import { parseManifest } from './manifest-input.js';

export interface ManifestVerdict {
  readonly valid: boolean;
  /** Whether the bytes are canonical, the only form that is hashed (A9). */
  readonly canonical: boolean;
  readonly problems: readonly string[];
}

/** The rules for a name and a filename hint beyond the manifest's schema (B4, A9). */
export function nameProblems(manifest: Readonly<Record<string, unknown>>): string[] {
  const { name, filename_hint: hint } = manifest;
  const problems: string[] = [];
  const why = typeof name === 'string' ? checkNewName(name).problem?.why : undefined;
  if (why !== undefined) problems.push(`name: ${why}`);
  const hintWhy = typeof hint === 'string' ? checkFilenameHint(hint).problem?.why : undefined;
  if (hintWhy !== undefined) problems.push(`filename_hint: ${hintWhy}`);
  return problems;
}

/** Whether these bytes are a manifest, and every reason why not. Needs no store. */
export function checkManifest(bytes: Uint8Array): ManifestVerdict {
  try {
    const value = parseManifest(bytes);
    const text = canonicalText(value);
    const problems = [...manifestProblems(value), ...nameProblems(value)];
    return { valid: problems.length === 0, canonical: text === decodeUtf8(bytes), problems };
  } catch (e) {
    if (!isHsError(e, 'INVALID_RECORD', 'INVALID_MANIFEST')) throw e;
    return { valid: false, canonical: false, problems: [e.message.replace(/^invalid manifest: /, '')] };
  }
}
