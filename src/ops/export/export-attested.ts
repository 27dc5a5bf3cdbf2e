import { compact } from '../../core/json/omit-undefined.js';
import { HsError, prefixed } from '../../errors/hs-error.js';
import { attest } from '../evidence/attest.js';
import type { Session } from '../session/session.js';
import { type Exported, exportArtifact } from './export.js';
import type { ExportRequest } from './export-request.js';

/** Suffix of the attestation's file name, after the name of the destination. */
const SUFFIX = '.intoto.json';

/**
 * Exports an artifact that a run made and its attestation beside it: two exports, each decided and recorded (B5, B7).
 * Consent to the artifact's content covers its attestation. `key` is a file or `ssh-agent`. USAGE for standard output,
 * where no second file is possible.
 */
export async function exportAttested(
  session: Session,
  request: ExportRequest,
  key: string,
): Promise<readonly [Exported, Exported]> {
  if (request.place.kind === 'stdout') {
    throw new HsError(
      'USAGE',
      'an attestation is written beside the destination, but there is no destination',
      {
        hint: 'give a destination instead of -',
      },
    );
  }
  const { artifactId, contentHash, subject } = await attest(session, request.artifact, key);
  const payload = await exportArtifact(session, { ...request, artifact: subject.artifactId });
  const { force, consents = [], mtime, target, displayProjectionRef } = request;
  try {
    const attestation = await exportArtifact(session, {
      artifact: artifactId,
      place: { kind: 'path', path: `${payload.target}${SUFFIX}` },
      format: 'file',
      ...compact({ force, mtime, target, displayProjectionRef }),
      consents: consents.includes(subject.contentHash) ? [...consents, contentHash] : consents,
    });
    return [payload, attestation];
  } catch (e) {
    if (!(e instanceof HsError)) throw e;
    throw prefixed(e, `'${payload.target}' was written without its attestation: `);
  }
}
