import type { Catalog } from '../../core/catalog/catalog.js';
import { classificationRank, sensitivityOf } from '../../core/manifest/sensitivity.js';
import { toName } from '../../core/paths/safe-path.js';
import { HsError } from '../../errors/hs-error.js';
import { demandDescription } from '../put/new-manifest.js';
import type { Session } from '../session/session.js';
import { description } from './register-outputs.js';
import type { RunInput } from './run-inputs.js';
import type { RunRequest } from './run-request.js';

/** USAGE for options that no output of a tool can have. */
export function checkOutput(request: RunRequest): void {
  if (request.name !== undefined) toName(request.name);
  if (request.kind === 'bundle') {
    throw new HsError('USAGE', "a tool's output cannot be of kind 'bundle'", { hint: 'hs bundle makes one' });
  }
}

/**
 * Validates the future manifests before the tool has worked for hours. Declaring the output less sensitive than its sources
 * needs the capability to reclassify them.
 */
export async function checkDescription(
  session: Session,
  catalog: Catalog,
  request: RunRequest,
  inputs: readonly RunInput[],
): Promise<void> {
  const { kind = 'tool_output' } = request;
  const known = description(request, inputs);
  const highest = sensitivityOf(inputs.map((i) => i.record)).classification;
  if (classificationRank(known.classification) < classificationRank(highest)) {
    await session.demand(catalog, 'artifact.reclassify', request.sources);
    session.warn(`the output will be ${known.classification}, although a source is ${highest}`);
  }
  demandDescription(session, { ...known, kind });
}
