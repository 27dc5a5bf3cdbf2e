import { freesText } from '../../cli/text/undo-text.js';
import { displayWidth, wrap } from '../../cli/text/width.js';
import type { Pin } from '../../core/catalog/artifact-record.js';
import type { ClaimField } from '../../core/manifest/claims.js';
import type { Manifest } from '../../core/manifest/manifest.js';
import type { Timestamp } from '../../core/objects/ids.js';
import { explainVerdict } from '../../core/retention/explain-verdict.js';
import { humanSize } from '../../core/text/human.js';
import { age, count, moment, plural } from '../cell-text.js';
import { shown, shownMessage } from '../column-text.js';
import { placeOf } from '../item-table.js';
import type { Detail, Source } from '../preview-data.js';
import type { Mode, PreviewState } from '../preview-state.js';
import { BLANK, type Line, line, type Tone } from '../styled-line.js';

/** Collects lines: headings, and facts with their names in a separate column. */
class Page {
  readonly lines: Line[] = [];
  readonly #columns: number;
  readonly #unicode: boolean;

  constructor(columns: number, unicode: boolean) {
    this.#columns = columns;
    this.#unicode = unicode;
  }

  /** The full label of the artifact. */
  title(name: string): void {
    for (const part of wrap(shown(name, this.#unicode), this.#columns - 1)) {
      this.lines.push(line(part, 'accent'));
    }
  }

  heading(text: string): void {
    if (this.lines.length > 0) this.lines.push(BLANK);
    this.lines.push(line(text, 'strong'));
  }

  /** hs's own text, in which quoted text is already escaped. */
  told(text: string, tone: Tone = 'plain'): void {
    for (const part of wrap(shownMessage(text, this.#unicode), this.#columns - 3)) {
      this.lines.push(line(`  ${part}`, tone));
    }
  }

  /** A fact whose value may come from an artifact. */
  fact(name: string, value: string | number | boolean | undefined): void {
    if (value === undefined) return;
    const text = shown(String(value), this.#unicode);
    const label = name.padEnd(this.#columns >= 60 ? 16 : 11);
    wrap(text, Math.max(8, this.#columns - displayWidth(label) - 4)).forEach((part, i) => {
      this.lines.push([
        { text: `  ${i === 0 ? label : ' '.repeat(label.length)} `, tone: 'dim' },
        { text: part },
      ]);
    });
  }
}

function pinText(pin: Pin): string {
  const until = pin.until === undefined ? '' : `, until ${moment(pin.until)}`;
  const why = pin.reason === undefined ? '' : `: ${pin.reason}`;
  return `by ${pin.actor}, ${moment(pin.at)}${until}${why}`;
}

function provenance(page: Page, { provenance: p, labels }: Manifest, isClaim: boolean): void {
  if (p !== undefined) {
    if (isClaim) page.told('claimed by the author of the manifest:', 'dim');
    page.fact('engine', [p.engine_id, p.engine_version].filter(Boolean).join(' ') || undefined);
    page.fact('program', p.program);
    page.fact('arguments', p.arguments?.join(' '));
    page.fact('exit status', p.exit_status);
    page.fact('started', p.started_at && moment(p.started_at));
    page.fact('ended', p.ended_at && moment(p.ended_at));
    page.fact('sandbox', p.sandbox && `${p.sandbox.backend}, ${p.sandbox.level}`);
    if (p.sandbox && p.sandbox.gaps.length > 0) page.fact('gaps', p.sandbox.gaps.join('; '));
    if (p.input_hashes !== undefined)
      page.fact('inputs', plural(p.input_hashes.length, 'hash').replace('hashs', 'hashes'));
  }
  for (const [key, value] of Object.entries(labels ?? {})) page.fact('label', `${key}=${value}`);
}

function manifest(page: Page, m: Manifest): void {
  page.heading('Manifest');
  page.fact('id', m.artifact_id);
  page.fact('revision', m.revision);
  page.fact('layer', m.layer);
  page.fact('kind', `${m.kind}, ${m.payload_type}`);
  page.fact('mime', m.mime);
  page.fact('class', m.retention_class);
  page.fact('classification', m.classification);
  page.fact('exportable', m.exportable ? 'yes' : 'no');
  page.fact('ttl', m.retention_ttl_days === undefined ? undefined : plural(m.retention_ttl_days, 'day'));
  page.fact('determinism', m.determinism_level);
  page.fact('filename', m.filename_hint);
  page.fact('content hash', m.content_hash);
}

/** A common source may have thousands of derived artifacts. */
const MOST = 10;

function sourceText({ id, name, state }: Source): string {
  const words = { live: '', removed: ', removed', unknown: ', not in this store' };
  return `${name ?? ''} ${id.slice(0, 8)}${words[state]}`.trim();
}

function origin(page: Page, detail: Detail): void {
  page.heading('Origin');
  page.fact('made by', detail.actor);
  const isClaim = (field: ClaimField) => detail.claims?.includes(field) === true;
  const said = isClaim('created_by_job_id') ? ' (claimed)' : '';
  const job = detail.manifest?.created_by_job_id;
  page.fact('job', detail.job ?? (job && `${job}${said}`));
  if (detail.manifest !== undefined) provenance(page, detail.manifest, isClaim('provenance'));
  for (const ref of detail.manifest?.source_entity_refs ?? []) {
    page.fact('entity', `${ref.entity_kind} ${ref.entity_id}`);
  }
  for (const source of detail.sources) page.fact('source', sourceText(source));
  if (detail.sources.length === 0) page.told('no source artifacts', 'dim');
  const { madeFrom } = detail;
  for (const other of madeFrom.slice(0, MOST)) page.fact('made from it', sourceText(other));
  if (madeFrom.length > MOST) page.told(`and ${count(madeFrom.length - MOST)} more`);
}

function verdict(page: Page, place: number, state: PreviewState): void {
  const item = state.selection.table.items[place]!;
  const spared = state.spared[place] === 1;
  if (item.verdict === 'trashed') {
    page.heading('In the trash');
    page.told(`removed ${moment(item.removed_at)} UTC; it is deleted for good with the trash`, 'danger');
    return;
  }
  page.heading(spared ? 'Spared from this run' : item.verdict === 'prune' ? 'To be removed' : 'Kept');
  page.told(explainVerdict(item, (at) => `${moment(at as Timestamp)} UTC`));
  page.told(`rule ${item.rule}`, 'dim');
}

/** All details of one artifact, regardless of length. */
export function detailLines(
  state: PreviewState,
  mode: Extract<Mode, { at: 'detail' }>,
  unicode: boolean,
): Line[] {
  const { table } = state.selection;
  const place = placeOf(table, mode.id);
  if (place === undefined) return [line('It is no longer in the plan.', 'danger')];
  const item = table.items[place]!;
  const page = new Page(state.columns, unicode);
  page.title(table.labels[place]!);
  const freed = item.verdict === 'prune' ? `; ${freesText(item, state.trash?.until, 'would')}` : '';
  page.told(`${humanSize(item.size_bytes)} (${count(item.size_bytes)} bytes)${freed}`);
  page.told(`created ${moment(item.created_at)} UTC, age ${age(item.created_at, state.now)}`);
  const { detail } = mode;
  verdict(page, place, state);
  if (detail === undefined) {
    page.told('reading the manifest ...', 'dim');
    return page.lines;
  }
  page.heading(detail.pins.length === 0 ? 'Pins: none' : 'Pins');
  for (const pin of detail.pins) page.fact(shown(pin.name, unicode), pinText(pin));
  if (detail.problem !== undefined) page.told(detail.problem, 'danger');
  origin(page, detail);
  if (detail.manifest !== undefined) manifest(page, detail.manifest);
  return page.lines;
}
