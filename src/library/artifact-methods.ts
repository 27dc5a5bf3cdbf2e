import type { ArtifactRecord as Stored } from '../core/catalog/artifact-record.js';
import type { Catalog } from '../core/catalog/catalog.js';
import { compact } from '../core/json/omit-undefined.js';
import type { Manifest } from '../core/manifest/manifest.js';
import { decodeBundleIndex, MAX_INDEX_BYTES } from '../core/objects/bundle-index.js';
import type { ObjectId } from '../core/objects/ids.js';
import { HsError } from '../errors/hs-error.js';
import { demandRead, demandUnrestricted } from '../ops/guard/read-gate.js';
import { listArtifacts } from '../ops/inspect/list-artifacts.js';
import { showArtifact } from '../ops/inspect/show-artifact.js';
import { completerOf } from '../ops/naming/complete-facts.js';
import { resolveArtifact } from '../ops/naming/resolve-artifact.js';
import { manifestOf } from '../ops/payload/read-manifest.js';
import type { Session } from '../ops/session/session.js';
import * as given from './arguments.js';
import { camelCased, camelCasedEach } from './camel-case.js';
import { ObjectMethods } from './object-methods.js';
import type {
  CallOptions,
  DiffOptions,
  ListOptions,
  ReadOptions,
  UsageOptions,
  UsageTotalsOptions,
} from './options.js';
import type { ArtifactRecord, Difference, IndexFile, ShownArtifact, Usage, UsageTotals } from './results.js';

async function indexOf(session: Session, record: Stored) {
  if (record.payload_type !== 'directory') {
    throw new HsError('USAGE', `'${record.artifact_id}' is a file, not a directory`);
  }
  return decodeBundleIndex(await session.store.objects.read(record.content_hash, MAX_INDEX_BYTES));
}

/** The payload to read, after the gate. */
async function objectOf(session: Session, catalog: Catalog, name: string, path?: string): Promise<ObjectId> {
  const record = await resolveArtifact(catalog, name);
  await demandRead(session, catalog, record);
  if (path === undefined) return record.content_hash;
  const entry = (await indexOf(session, record)).find((e) => e.path === path);
  if (entry === undefined) {
    throw new HsError('NOT_FOUND', `there is no file '${path}' in '${record.artifact_id}'`);
  }
  await demandUnrestricted(session, catalog, new Set([entry.content_hash]));
  return entry.content_hash;
}

/** Artifacts: finding, showing, reading and comparing them. */
export class ArtifactMethods extends ObjectMethods {
  /**
   * Resolves an artifact: NOT_FOUND or AMBIGUOUS, with candidates (`hs resolve`).
   *
   * @example
   * const { artifactId, name, kind } = await store.resolve('report');
   * (await store.resolve(artifactId.slice(0, 8))).name; // → 'report'
   * await store.resolve('nothing'); // throws NOT_FOUND
   */
  async resolve(name: string, options: CallOptions = {}): Promise<ArtifactRecord> {
    const [session] = this.begin(given.callOptions(options));
    const typed = given.text(name, 'name');
    return camelCased(await resolveArtifact(await this.catalog(session), typed));
  }

  /**
   * Live artifacts, newest first unless sorted (`hs ls`).
   *
   * @example
   * (await store.list()).map((artifact) => artifact.name); // → ['dist', 'report']
   * (await store.list({ filters: [['type', 'directory']] })).length; // → 1
   * (await store.list({ filters: ['size>20', '!label.draft', 'age<7d'] })).length; // → 1
   * (await store.list({ sort: '-size', limit: 1 }))[0].name; // → 'dist'
   */
  async list(options: ListOptions & CallOptions = {}): Promise<ArtifactRecord[]> {
    const listed: ArtifactRecord[] = [];
    for await (const record of this.iterate(options)) listed.push(record);
    return listed;
  }

  /**
   * The same one by one, for stores of any size (`hs for-each-artifact`).
   *
   * @example
   * let bytes = 0;
   * for await (const artifact of store.iterate({ filters: [['kind', 'file']] })) bytes += artifact.sizeBytes;
   * bytes; // → 48
   */
  async *iterate(options: ListOptions & CallOptions = {}): AsyncGenerator<ArtifactRecord, void> {
    const [session, query] = this.begin(given.listOptions(options));
    const asked = { ...query, facts: true, now: session.now(), signal: session.signal };
    const rows = listArtifacts(await this.catalog(session), asked, completerOf(session));
    yield* camelCasedEach(rows);
  }

  /**
   * The manifest of the newest revision, as it is stored (`hs cat-artifact --manifest`).
   *
   * @example
   * const { mime, layer } = await store.manifest('report');
   * [mime, layer]; // → ['text/html', 'L3']
   */
  async manifest(name: string, options: CallOptions = {}): Promise<Manifest> {
    const [session] = this.begin(given.callOptions(options));
    const typed = given.text(name, 'name');
    return session.read(async (catalog) => manifestOf(session, await resolveArtifact(catalog, typed)));
  }

  /**
   * Manifest, pins, who registered it, and what a collection would do with it and why (`hs show`). If the manifest is
   * damaged, `damage` describes the damage, and `warn` is called.
   *
   * @example
   * const { registered, retention } = await store.show('report');
   * [registered.actor, retention.verdict, retention.rule]; // → ['human:ada', 'keep', 'within_window']
   */
  async show(name: string, options: CallOptions = {}): Promise<ShownArtifact> {
    const [session] = this.begin(given.callOptions(options));
    const typed = given.text(name, 'name');
    await session.store.anchor.recheck();
    const shown = await showArtifact(session, typed);
    if (shown.damage !== undefined) {
      session.warn(`the manifest of '${shown.record.artifact_id}' is damaged: ${shown.damage}`);
    }
    return camelCased(shown);
  }

  /**
   * The files of a directory payload, sorted by path.
   *
   * @example
   * const files = await store.files('dist');
   * files.map(({ path, sizeBytes }) => `${path} ${sizeBytes}`); // → ['README.md 6', 'app.js 26']
   */
  async files(name: string, options: CallOptions = {}): Promise<readonly IndexFile[]> {
    const [session] = this.begin(given.callOptions(options));
    const typed = given.text(name, 'name');
    return session.read(async (catalog) => {
      const record = await resolveArtifact(catalog, typed);
      await demandRead(session, catalog, record);
      return camelCased(await indexOf(session, record));
    });
  }

  /**
   * The bytes of a payload, or of a file in a directory payload, verified (`hs cat-artifact`).
   *
   * @example
   * String(await store.read('report')); // → '<h1>Report</h1>\n'
   * String(await store.read('dist', { path: 'README.md' })); // → '# App\n'
   */
  async read(name: string, options: ReadOptions & CallOptions = {}): Promise<Buffer> {
    const [session, { path }] = this.begin(given.readOptions(options));
    const typed = given.text(name, 'name');
    return session.read(async (catalog) =>
      Buffer.from(await session.store.objects.read(await objectOf(session, catalog, typed, path))),
    );
  }

  /**
   * The same as a stream, for payloads of any size. The caller may keep each chunk. It throws INTEGRITY before
   * the first chunk if up to 8 MiB, which it holds until they are read, are damaged, else at the end, and then none of the
   * chunks may be used.
   *
   * @example
   * let size = 0;
   * for await (const chunk of store.stream('report')) size += chunk.length;
   * size; // → 16
   */
  async *stream(name: string, options: ReadOptions & CallOptions = {}): AsyncGenerator<Uint8Array, void> {
    const [session, { path }] = this.begin(given.readOptions(options));
    const typed = given.text(name, 'name');
    yield* session.readPieces((catalog) => pieces(session, catalog, typed, path));
  }

  /**
   * Compares the payloads of two artifacts, or of one with a file or directory outside the store, or two manifests
   * (`hs diff`). Empty if they are equal.
   *
   * @example
   * await store.put(Buffer.from('<h1>Report 2</h1>\n'), { name: 'report', filenameHint: 'report.html' });
   * const [difference] = await store.diff('report@{1}', 'report');
   * [difference.what, difference.after.sizeBytes - difference.before.sizeBytes]; // → ['payload', 2]
   * const [{ added, removed, patch }] = await store.diff('report', { path: 'report.html' }, { patch: true });
   * [added, removed, String(patch).split('\n').at(-1)]; // → [1, 1, '+<h1>Report</h1>']
   */
  async diff(
    before: string,
    after: string | { readonly path: string },
    options: DiffOptions & CallOptions = {},
  ): Promise<readonly Difference[]> {
    const [session, { compare = 'payload', stat = false, patch = false }] = this.begin(
      given.diffOptions(options),
    );
    const [first, second] = [given.text(before, 'before'), given.diffTarget(after)];
    await session.store.anchor.recheck();
    if (compare === 'manifest') {
      if (stat || patch || typeof second !== 'string') {
        throw new HsError('USAGE', 'manifests are compared of two artifacts, without stat or patch');
      }
      const { diffManifests } = await import('../ops/inspect/diff-artifacts.js');
      return diffManifests(session, first, second);
    }
    const [{ diffContents }, { patchOf }] = await Promise.all([
      import('../ops/inspect/diff-contents.js'),
      import('../ops/inspect/patch-of.js'),
    ]);
    const target = typeof second === 'string' ? { artifact: second } : { path: this.path(second.path) };
    const found: Difference[] = [];
    for await (const d of diffContents(session, [{ artifact: first }, target], { texts: stat || patch })) {
      const { name, text, ...rest } = d;
      const lines = text && { added: text.added, removed: text.removed };
      const sides = { before: camelCased(d.before), after: camelCased(d.after) };
      found.push(
        compact({ ...rest, ...sides, ...lines, patch: patch ? patchOf(d) : undefined }) as Difference,
      );
    }
    return found;
  }

  /**
   * Logical and physical bytes of live artifacts, largest group first (`hs du`).
   *
   * @example
   * const usage = await store.usage({ by: 'name' });
   * usage.rows.map((row) => [row.group, row.logicalBytes]); // → [['dist', 32], ['report', 16]]
   */
  async usage(options: UsageOptions & CallOptions = {}): Promise<Usage> {
    const [session, { by = 'kind', filters }] = this.begin(given.usageOptions(options));
    const { diskUsage } = await import('../ops/inspect/disk-usage.js');
    return camelCased(await diskUsage(session, by, filters));
  }

  /**
   * The same without what the objects take, from totals that are kept, at no cost (`hs du --totals`).
   *
   * @example
   * const { rows, artifacts } = await store.usageTotals({ by: 'class' });
   * [artifacts, rows[0].logicalBytes]; // → [2, 48]
   */
  async usageTotals(options: UsageTotalsOptions & CallOptions = {}): Promise<UsageTotals> {
    const [session, { by = 'kind' }] = this.begin(given.usageTotalsOptions(options));
    const { usageTotals } = await import('../ops/inspect/disk-usage.js');
    return camelCased(await usageTotals(session, by));
  }
}

async function* pieces(session: Session, catalog: Catalog, name: string, path?: string) {
  yield* session.store.objects.stream(await objectOf(session, catalog, name, path));
}
