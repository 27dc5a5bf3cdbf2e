import { command } from '../../src/cli/command.js';
import { one } from '../../src/cli/positionals.js';
import { humanAge } from '../../src/cli/text/human-age.js';
import { fields } from '../../src/cli/text/table.js';
import type { View } from '../../src/cli/text/view.js';
import type { culpritDetails } from '../../src/core/guard/guard.js';
import type { ClaimField } from '../../src/core/manifest/claims.js';
import { labelWithId } from '../../src/core/manifest/label-of.js';
import type { Manifest, Provenance } from '../../src/core/manifest/manifest.js';
import { explainVerdict } from '../../src/core/retention/explain-verdict.js';
import { humanSize, utcTime } from '../../src/core/text/human.js';
import type { Relative } from '../../src/ops/inspect/lineage.js';
import type { ShownArtifact } from '../../src/ops/inspect/show-artifact.js';

function when(view: View) {
  return (at: string) => `${utcTime(at)} (${humanAge(Date.parse(at), view.now)})`;
}

/** Marks values that hs did not observe itself. */
const CLAIMED = ' (claimed)';

function madeBy(p: Provenance | undefined, isClaim: boolean, view: View): string | undefined {
  const made = p?.program ?? p?.engine_id;
  if (p === undefined || made === undefined) return undefined;
  const status = p.program === undefined ? '' : `, status ${p.exit_status ?? '?'}`;
  const box = p.sandbox === undefined ? '' : `, sandbox ${p.sandbox.backend} (${p.sandbox.level})`;
  return view.text(`${made}${status}${box}${isClaim ? CLAIMED : ''}`);
}

/** Quoted for a shell; present only if `hs run --record-args` recorded them. */
function withArguments(p: Provenance | undefined, view: View): string | undefined {
  const quoted = p?.arguments?.map((arg) =>
    /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`,
  );
  return quoted === undefined || quoted.length === 0 ? undefined : view.text(quoted.join(' '));
}

/** Maximum number of names per line; `--json` lists more. */
const MOST_NAMED = 5;

const STATE = { live: '', removed: ', removed', unknown: ', not in this store' } as const;

function named(relatives: readonly Relative[] = [], view: View): string[] {
  const names = relatives.slice(0, MOST_NAMED).map((r) => labelWithId(r, view.text, STATE[r.state]));
  return relatives.length > MOST_NAMED ? [...names, 'and more (hs lineage)'] : names;
}

function fromWhat({ made_from, manifest }: Shown, view: View): string | undefined {
  const entities = (manifest?.source_entity_refs ?? []).map((r) => `${r.entity_kind}:${r.entity_id}`);
  const all = [...named(made_from, view), ...entities.map(view.text)];
  return all.length === 0 ? undefined : all.join(', ');
}

function intoWhat({ made_into }: Shown, view: View): string | undefined {
  const all = named(made_into, view);
  return all.length === 0 ? undefined : all.join(', ');
}

function heldBack(by: readonly HeldBack[], view: View): string | undefined {
  if (by.length === 0) return undefined;
  const names = by.slice(0, MOST_NAMED).map(({ name, artifact_id: id, removed }) => {
    const short = id === undefined ? '' : ` (${id.slice(0, 8)}${removed ? ', removed' : ''})`;
    return view.text(`${name}${short}`);
  });
  const more = by.length > MOST_NAMED ? ` and ${by.length - MOST_NAMED} more` : '';
  return view.style.warning(names.join(', ') + more);
}

function undo({ record, restorable }: Shown): string {
  return restorable
    ? `hs restore ${record.artifact_id.slice(0, 8)} brings it back`
    : 'cannot be brought back';
}

type HeldBack = ReturnType<typeof culpritDetails>;
type Shown = Omit<
  ShownArtifact,
  'manifest' | 'damage' | 'claims' | 'registered' | 'relatives' | 'heldBackBy'
> & {
  readonly made_from?: readonly Relative[];
  readonly made_into?: readonly Relative[];
  readonly claims?: readonly ClaimField[];
  readonly held_back_by?: readonly HeldBack[];
  readonly registered: Omit<ShownArtifact['registered'], 'jobId'> & { readonly job_id?: string };
  readonly manifest: Manifest | null;
  readonly damage?: string;
};

function describe(value: Shown, view: View): string {
  const { record: r, registered, retention } = value;
  const m = value.manifest ?? undefined;
  const time = when(view);
  const title = view.style.strong(view.text(r.name ?? r.filename_hint ?? r.artifact_id));
  const verdict =
    retention === undefined
      ? view.style.warning(`removed ${time(r.removed!.at)} by entry ${r.removed!.seq}, ${undo(value)}`)
      : explainVerdict(retention, time);
  const pins = r.pins.map((p) => {
    const why = p.reason === undefined ? '' : `: ${p.reason}`;
    const end = p.until === undefined ? '' : `, until ${time(p.until)}`;
    return view.text(`${p.name} by ${p.actor}${end}${why}`);
  });
  const labels = Object.entries(m?.labels ?? {}).map(([k, v]) => `${k}=${v}`);
  const job = registered.job_id === undefined ? '' : `, job ${registered.job_id}`;
  const isClaim = (field: ClaimField) => value.claims?.includes(field) === true;
  const claimedJob = isClaim('created_by_job_id') ? m?.created_by_job_id : undefined;
  const lines = fields(
    [
      ['id', view.style.id(r.artifact_id)],
      ['file', r.filename_hint === undefined ? undefined : view.text(r.filename_hint)],
      ['payload', `${r.payload_type}, ${humanSize(r.size_bytes)}${m === undefined ? '' : `, ${m.mime}`}`],
      ['content', r.content_hash],
      ['kind', `${r.kind}, class ${r.retention_class}, layer ${r.layer}`],
      ['level', `${r.classification}, ${r.exportable ? 'exportable' : 'not exportable'}`],
      ['held back by', heldBack(value.held_back_by ?? [], view)],
      ['created', time(r.created_at) + (isClaim('created_at') ? CLAIMED : '')],
      ['stored', `${time(registered.at)} by ${view.text(registered.actor + job)}, entry ${registered.seq}`],
      ['job', claimedJob === undefined ? undefined : view.text(claimedJob + CLAIMED)],
      ['made by', madeBy(m?.provenance, isClaim('provenance'), view)],
      ['arguments', withArguments(m?.provenance, view)],
      ['made from', fromWhat(value, view)],
      ['made into', intoWhat(value, view)],
      ['labels', labels.length === 0 ? undefined : view.text(labels.join(' '))],
      ['revision', `${r.revision}, manifest ${r.manifest}`],
      ...pins.map((pin, i) => [i === 0 ? 'pins' : '', pin] as const),
      ['retention', verdict],
      ['damage', value.damage === undefined ? undefined : view.style.bad(view.text(value.damage))],
    ],
    view,
  );
  return `${title}\n${lines}`;
}

/** `hs show`: shows everything about one artifact, and why it is kept. */
export const show = command({
  name: 'show',
  class: 'porcelain',
  opens: 'read',
  summary: 'show one artifact and why it is kept',
  description: `Shows one artifact: its manifest, its pins, who stored it, what it was made from and what was made from it, and what a collection would do with it now, and by which rule. Removed artifacts are shown too. \`held back by\` lists the artifacts because of which hs-export(1) would refuse this one, whatever its own classification: they have the same bytes, or are contained in it, or it was taken from them.

Facts that hs observed itself are shown as such: the provenance that hs-run(1) recorded, and the job and time that the ledger confirms. What only the manifest says, because it was written by hand or came in a bundle, is marked as claimed.

With \`--json\`, the whole manifest is printed, and \`claims\` lists its fields that are only claimed. The manifest is null when it cannot be read, and \`damage\` says why.`,
  positionals: { id: one('ID', { complete: 'artifact' }) },
  pages: true,
  resultSchema: 'hs.show/1',
  examples: [{ command: 'hs show report', explains: 'Show the newest artifact of that name.' }],
  exits: { 5: 'its manifest is damaged' },
  seeAlso: ['hs-ls(1)', 'hs-lineage(1)', 'hs-cat-artifact(1)', 'hs-gc(1)', 'hs-restore(1)'],
  async run({ args, session, exit }) {
    const { showArtifact } = await import('../../src/ops/inspect/show-artifact.js');
    const { culpritDetails } = await import('../../src/core/guard/guard.js');
    const shown = await showArtifact(await session(), args.id);
    if (shown.damage !== undefined) exit(5);
    const { sources, derived } = shown.relatives;
    const { jobId, ...registered } = shown.registered;
    return {
      artifact_id: shown.record.artifact_id,
      manifest: shown.manifest ?? null,
      ...(shown.damage === undefined ? {} : { damage: shown.damage }),
      ...(shown.claims.length === 0 ? {} : { claims: shown.claims }),
      pins: shown.record.pins,
      registered: { ...registered, ...(jobId === undefined ? {} : { job_id: jobId }) },
      ...(sources.length === 0 ? {} : { made_from: sources }),
      ...(derived.length === 0 ? {} : { made_into: derived }),
      ...(shown.record.removed === undefined ? {} : { removed: shown.record.removed }),
      ...(shown.restorable === undefined ? {} : { restorable: shown.restorable }),
      retention: shown.retention,
      ...(shown.heldBackBy.length === 0 ? {} : { held_back_by: shown.heldBackBy.map(culpritDetails) }),
      record: shown.record,
    };
  },
  render: (value, view) => describe(value, view),
});
