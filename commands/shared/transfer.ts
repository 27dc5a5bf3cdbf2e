import type { Context } from '../../src/cli/command-context.js';
import { flag, integer, type Values } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import type { Session } from '../../src/ops/session/session.js';
import type { TransferredArtifact } from '../../src/ops/transfer/transfer-request.js';
import { FORCE, PURPOSE, purposeOf } from './export.js';

/** `[ID...|--all] STORE`. */
export const ARTIFACTS_AND_STORE = { words: some('ID', { complete: 'artifact' }) };

export const TRANSFER = {
  all: flag('a', 'copy every live artifact'),
  withSources: flag(undefined, 'also copy the artifacts that these were made from, as far as they are there'),
  consent: FORCE.consent,
  ...PURPOSE,
  ttl: integer('DAYS', 'time to live in days, from creation, for sensitive artifacts without one', {
    min: 0,
    max: MAX_TTL_DAYS,
  }),
  dryRun: flag('n', 'list what would be copied; change neither store'),
};

export const TRANSFER_EXITS = {
  3: 'some artifacts were not copied; each was reported',
  5: 'something does not match its hash; it was not copied',
  6: 'refused for lack of a capability in one of the stores, or by the guard or a budget',
  8: 'an artifact exists in the store it is copied to with other content, or was removed there',
};

/** What both directions do, for the man pages. */
export const TRANSFER_TERMS = `Artifacts keep their ids, names, labels and manifests. Only what is missing is copied: an artifact that exists in the store it is copied to is left as it is, and an object that exists in that store is not copied again. If nothing is missing, nothing is written to either ledger. Pins, removals and the policy do not travel. Neither do older revisions, nor sources, without \`--with-sources\`.

Leaving a store is an export: the capability artifact.export, the guard and the budgets of that store decide, and its ledger gets the decision before the first byte leaves, and a record of what left, under the format \`store\`. Arriving is an import, under the capability bundle.import: manifests, indexes, bundles and the hash of every object are verified, what was approved or frozen is ordinary work (L3), and of all that either store says about the content the strictest classification applies. An artifact that exists in both and is stricter in the store that it leaves becomes as strict in the other, and keeps its TTL there. See hs-export(1) and hs-import(1).

Artifacts are copied in batches, in the order in which they were registered. A batch is visible at once, by one ledger entry, after all its objects are durable. If the command is interrupted, run it again: it continues after the last batch. Several transfers may run at once. An artifact that is refused or damaged is reported and does not stop the others.`;

type Words = { readonly words: readonly string[] };

/** Runs a transfer between this store and the other one, and yields a row for each artifact. */
export async function* transferRows(
  context: Context<Values<typeof TRANSFER>, Words>,
  direction: 'push' | 'pull',
) {
  const { args, options, globals, attempt, log, session, otherSession, whenInterrupted } = context;
  const named = args.words.slice(0, -1);
  const store = args.words.at(-1)!;
  if (options.all ? named.length > 0 : named.length === 0) {
    const what = options.all
      ? `'--all' cannot be given together with an ID`
      : `there is no ID before '${store}'`;
    throw new HsError('USAGE', what, { hint: `hs ${direction} ID... STORE, or hs ${direction} --all STORE` });
  }
  const opens = options.dryRun ? { writes: false } : {};
  const here = await session(opens);
  const other = await otherSession(store, opens);
  const [from, to]: [Session, Session] = direction === 'push' ? [here, other] : [other, here];
  const { planTransfer, transfer } = await import('../../src/ops/transfer/transfer.js');
  const request = compact({
    artifacts: options.all ? undefined : named,
    withSources: options.withSources,
    consents: options.consent,
    ...purposeOf(options),
    ttl: options.ttl,
  });
  let [copied, present] = [0, 0];
  whenInterrupted(
    () => `${counted(copied, 'artifact was', 'artifacts were')} copied; run it again to continue`,
  );
  for await (const result of (options.dryRun ? planTransfer : transfer)(from, to, request)) {
    const artifact = await attempt(async () => {
      if ('error' in result) throw result.error;
      return result.artifact;
    });
    if (artifact === undefined) continue;
    if (artifact.present) present++;
    else copied++;
    tell(artifact, direction, options.dryRun, log);
    // For a pipe, only what was copied is a line.
    if (!artifact.present || globals.json || globals.jsonl) yield row(artifact);
  }
  if (copied === 0 && present > 0) {
    log.note(
      `nothing to ${direction}: ${present === 1 ? 'it is' : `all ${present} are`} in '${to.address}' already`,
    );
  }
}

function row(a: TransferredArtifact) {
  return {
    artifact_id: a.artifactId,
    content_hash: a.contentHash,
    size_bytes: a.sizeBytes,
    present: a.present,
    tightened: a.tightened,
    demoted: a.demoted,
    ttl_over: a.ttlOver,
  };
}

function tell(
  a: TransferredArtifact,
  direction: 'push' | 'pull',
  isPlanned: boolean,
  log: Context['log'],
): void {
  const id = a.artifactId.slice(0, 8);
  const [at, origin] = direction === 'push' ? ['there', 'here'] : ['here', 'there'];
  const becomes = isPlanned ? 'would be' : 'is now';
  if (a.tightened && a.present) {
    log.warn(`'${id}' exists ${at} already, and ${becomes} classified as strictly as ${origin}`);
  } else if (a.tightened) {
    log.warn(`'${id}' is classified more strictly ${at}, as its content was before`);
  }
  if (a.demoted)
    log.warn(`'${id}' was approved or frozen where it came from; its copy is ordinary work (L3)`);
  if (a.ttlOver) log.warn(`the TTL of '${id}' has expired: the next collection ${at} removes it`);
}
