import { resolve } from 'node:path';
import * as given from './arguments.js';
import type { ArtifactRecord } from './core/catalog/artifact-record.js';
import type { Catalog } from './core/catalog/catalog.js';
import { noProgress } from './core/effects.js';
import type { Checkpoint } from './core/evidence/checkpoint.js';
import { canonicalText } from './core/json/canonical.js';
import type { Manifest } from './core/manifest/manifest.js';
import { type BundleIndex, decodeBundleIndex, MAX_INDEX_BYTES } from './core/objects/bundle-index.js';
import type { ObjectId } from './core/objects/ids.js';
import type { PrunePlan } from './core/retention/prune-plan.js';
import type { RetentionReport } from './core/retention/report.js';
import { HsError } from './errors/hs-error.js';
import { namedPolicy } from './named-policy.js';
import type { ScanRow } from './ops/evidence/scan.js';
import type { SignedCheckpoint } from './ops/evidence/sign-checkpoint.js';
import type { ExportPlace, ExportRequest } from './ops/export/export-request.js';
import type { ExportPlan } from './ops/export/plan-export.js';
import type { FsckOptions, FsckReport } from './ops/fsck/fsck.js';
import type { CollectionPlanOptions } from './ops/gc/plan-collection.js';
import type { ReportRow } from './ops/gc/retention-reports.js';
import { listPins, type PinRow } from './ops/govern/pins.js';
import type { NamedPolicy, PolicyCheck } from './ops/govern/set-policy.js';
import { demandRead, demandUnrestricted } from './ops/guard/read-gate.js';
import type { WorkspaceImport, WorkspaceOptions } from './ops/handshake/import-workspace.js';
import { type HistoryQuery, type HistoryRow, history } from './ops/inspect/history.js';
import { type ListQuery, listArtifacts } from './ops/inspect/list-artifacts.js';
import { type ShownArtifact, showArtifact } from './ops/inspect/show-artifact.js';
import { resolveArtifact } from './ops/naming/resolve-artifact.js';
import { manifestOf } from './ops/payload/read-manifest.js';
import type { Session } from './ops/session/session.js';
import type { ExportOptions, ReadOptions, ScanOptions } from './options.js';
import type { LedgerVerdict } from './store/ledger/verify-ledger.js';

/** The read operations of an open store; see {@link ArtifactStore}. */
export class ArtifactReader {
  /** @internal */
  protected readonly session: Session;

  /** @internal Stores are opened by `openStore` and made by `createStore`. */
  constructor(session: Session) {
    this.session = session;
  }

  /** The store's own id. */
  get id(): string {
    return this.session.store.id;
  }

  /** The directory that holds the store. */
  get workspace(): string {
    return this.session.store.local.workspace;
  }

  /** Makes a path absolute. */
  protected path(path: string, what = 'path'): string {
    return resolve(this.session.environment.cwd, given.filePath(path, what));
  }

  /** The signing key, as the caller names it. */
  protected key(key: string): string {
    return given.text(key, 'key') === 'ssh-agent' ? key : this.path(key, 'key');
  }

  /** Resolves an artifact: NOT_FOUND or AMBIGUOUS, with candidates (`hs resolve`). */
  async resolve(name: string): Promise<ArtifactRecord> {
    const typed = given.text(name, 'name');
    return resolveArtifact(await this.#catalog(), typed);
  }

  /**
   * The state at the head, after checking that the ledger is the one that was opened: a program may hold a store open
   * for days, and each operation checks at its start, like a command. LEDGER_BROKEN or ROLLED_BACK.
   */
  async #catalog(): Promise<Catalog> {
    await this.session.store.anchor.recheck();
    return this.session.catalog();
  }

  /** Live artifacts, newest first unless sorted (`hs ls`). */
  async list(query: Omit<ListQuery, 'now'> = {}): Promise<ArtifactRecord[]> {
    const checked = given.listQuery(query);
    const listed: ArtifactRecord[] = [];
    for await (const record of listArtifacts(await this.#catalog(), {
      ...checked,
      now: this.session.now(),
    })) {
      listed.push(record);
    }
    return listed;
  }

  /** The manifest of the newest revision. */
  async manifest(name: string): Promise<Manifest> {
    const typed = given.text(name, 'name');
    return this.session.read(async (catalog) => {
      return manifestOf(this.session, await resolveArtifact(catalog, typed));
    });
  }

  /**
   * Manifest, pins, who registered it, and what a collection would do with it and why (`hs show`). If the manifest is
   * damaged, `damage` describes the damage, and `warn` is called.
   */
  async show(name: string): Promise<ShownArtifact> {
    const typed = given.text(name, 'name');
    await this.session.store.anchor.recheck();
    const shown = await showArtifact(this.session, typed);
    if (shown.damage !== undefined) {
      this.session.warn(`the manifest of '${shown.record.artifact_id}' is damaged: ${shown.damage}`);
    }
    return shown;
  }

  /** The files of a directory payload, sorted by path. */
  async files(name: string): Promise<BundleIndex> {
    const typed = given.text(name, 'name');
    return this.session.read(async (catalog) => {
      const record = await resolveArtifact(catalog, typed);
      await demandRead(this.session, catalog, record);
      return this.#index(record);
    });
  }

  async #index(record: ArtifactRecord): Promise<BundleIndex> {
    if (record.payload_type !== 'directory') {
      throw new HsError('USAGE', `'${record.artifact_id}' is a file, not a directory`);
    }
    return decodeBundleIndex(await this.session.store.objects.read(record.content_hash, MAX_INDEX_BYTES));
  }

  /** The payload to read, after the gate. */
  async #objectOf(catalog: Catalog, name: string, { path }: ReadOptions): Promise<ObjectId> {
    const record = await resolveArtifact(catalog, name);
    await demandRead(this.session, catalog, record);
    if (path === undefined) return record.content_hash;
    const entry = (await this.#index(record)).find((e) => e.path === path);
    if (entry === undefined) {
      throw new HsError('NOT_FOUND', `there is no file '${path}' in '${record.artifact_id}'`);
    }
    await demandUnrestricted(this.session, catalog, new Set([entry.content_hash]));
    return entry.content_hash;
  }

  /** The bytes of a payload, or of a file in a directory payload, verified (`hs cat-artifact`). */
  async read(name: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const [typed, checked] = [given.text(name, 'name'), given.readOptions(options)];
    return this.session.read(async (catalog) => {
      return this.session.store.objects.read(await this.#objectOf(catalog, typed, checked));
    });
  }

  /**
   * The same as a stream, for payloads of any size. The caller may keep each chunk. If it ends with INTEGRITY, none of
   * the chunks may be used.
   */
  async *stream(name: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array, void> {
    const [typed, checked] = [given.text(name, 'name'), given.readOptions(options)];
    const { session } = this;
    const pieces = async function* (this: ArtifactReader, catalog: Catalog) {
      yield* session.store.objects.stream(await this.#objectOf(catalog, typed, checked));
    };
    yield* session.readPieces((catalog) => pieces.call(this, catalog));
  }

  /** Every pin of every live artifact (`hs pins`). */
  pins(): Promise<PinRow[]> {
    return listPins(this.session);
  }

  /** What `export` would write, with the same decision; writes and records nothing. */
  async planExport(name: string, destination?: string, options: ExportOptions = {}): Promise<ExportPlan> {
    const { planExport } = await import('./ops/export/plan-export.js');
    return planExport(this.session, this.exportRequest(name, destination, options));
  }

  /** The export request for these arguments. */
  protected exportRequest(
    name: string,
    destination: string | undefined,
    options: ExportOptions,
  ): ExportRequest {
    const place: ExportPlace =
      destination === undefined
        ? { kind: 'default' }
        : { kind: 'path', path: this.path(destination, 'destination') };
    return { ...given.exportOptions(options), artifact: given.text(name, 'name'), place, byEnding: true };
  }

  /** What an import of that workspace would register, and the faults of the rest; changes nothing. */
  async planWorkspaceImport(path: string, options: WorkspaceOptions = {}): Promise<WorkspaceImport> {
    const { planWorkspaceImport } = await import('./ops/handshake/import-workspace.js');
    return planWorkspaceImport(this.session, this.path(path), given.workspaceOptions(options));
  }

  /** What a collection would keep and prune now, and why (`hs plan-prune`). Changes nothing. */
  async plan(options: CollectionPlanOptions = {}): Promise<PrunePlan> {
    const { planCollection } = await import('./ops/gc/plan-collection.js');
    const { policy, ...rest } = given.planOptions(options);
    return planCollection(this.session, {
      ...rest,
      ...(policy === undefined ? {} : { policy: namedPolicy(policy.policy) }),
    });
  }

  /** The collections whose reports still exist, newest first (`hs report`). */
  async reports(): Promise<ReportRow[]> {
    const { listReports } = await import('./ops/gc/retention-reports.js');
    return listReports(this.session);
  }

  /** The artifacts that one collection removed and kept, with the rule for each (`hs report ID`). */
  async report(name: string): Promise<RetentionReport> {
    const { readReport } = await import('./ops/gc/retention-reports.js');
    return (await readReport(this.session, given.text(name, 'name'))).report;
  }

  /** The history, newest first (`hs log`). */
  history(query: HistoryQuery = {}): AsyncGenerator<HistoryRow> {
    return history(this.session, given.historyQuery(query));
  }

  /** The current policy (`hs policy show`). */
  async policy(): Promise<NamedPolicy> {
    const { currentPolicy } = await import('./ops/govern/set-policy.js');
    return currentPolicy(this.session);
  }

  /** The effects of a policy, and the rules in it that match nothing (`hs policy check`). */
  async checkPolicy(policy: unknown): Promise<PolicyCheck> {
    const { checkPolicy } = await import('./ops/govern/set-policy.js');
    return checkPolicy(this.session, namedPolicy(policy));
  }

  /** Verifies the whole ledger and names each problem precisely (`hs ledger verify`). */
  async verifyLedger(): Promise<LedgerVerdict> {
    const { verifyLedger } = await import('./store/ledger/verify-ledger.js');
    return verifyLedger(this.session.store, noProgress, this.session.signal);
  }

  /**
   * A signed checkpoint of the ledger (`hs ledger sign`); writes nothing. `key` is the file of an Ed25519 private key,
   * or `ssh-agent`; `name` is the signer's name in the note.
   */
  async signLedger(key: string, name?: string): Promise<SignedCheckpoint> {
    const { signCheckpoint } = await import('./ops/evidence/sign-checkpoint.js');
    const shown = name === undefined ? {} : { name: given.text(name, 'name') };
    return signCheckpoint(this.session, { key: this.key(key), ...shown });
  }

  /**
   * Compares the ledger with a checkpoint signed by this key (`hs ledger verify --checkpoint`): INTEGRITY, CONFLICT,
   * ROLLED_BACK or LEDGER_BROKEN if it does not begin with those entries.
   */
  async compareWithCheckpoint(note: string, publicKey: string): Promise<Checkpoint> {
    const [{ compareWithCheckpoint }, { parsePublicKey }] = await Promise.all([
      import('./ops/evidence/prove.js'),
      import('./core/evidence/keys.js'),
    ]);
    const key = parsePublicKey(given.text(publicKey, 'publicKey'));
    return compareWithCheckpoint(this.session, given.text(note, 'note'), key);
  }

  /** Proves that an entry is in the ledger of a checkpoint, for `verifyProof` (`hs ledger prove SEQ`). */
  async proveEntry(seq: number, checkpoint: string): Promise<string> {
    const { proveInclusion } = await import('./ops/evidence/prove.js');
    const [number, note] = [given.count(seq, 'seq'), given.text(checkpoint, 'checkpoint')];
    return canonicalText(await proveInclusion(this.session, number, note));
  }

  /** Proves that the ledger of a newer checkpoint extends that of an older one (`hs ledger prove --from`). */
  async proveGrowth(older: string, newer: string): Promise<string> {
    const { proveConsistency } = await import('./ops/evidence/prove.js');
    const notes = [given.text(older, 'older'), given.text(newer, 'newer')] as const;
    return canonicalText(await proveConsistency(this.session, ...notes));
  }

  /** Possible secrets in the payloads, or with `personal` also personal data (`hs scan`). */
  async *scan(names: readonly string[], options: ScanOptions = {}): AsyncGenerator<ScanRow> {
    const { scanArtifacts } = await import('./ops/evidence/scan.js');
    const typed = given.names(names, 'names');
    const { personal } = given.scanOptions(options);
    yield* scanArtifacts(
      this.session,
      typed,
      personal === true ? ['credential', 'personal'] : ['credential'],
    );
  }

  /** Checks every object, manifest and name of the store (`hs fsck`). */
  async fsck(options: Partial<FsckOptions> = {}): Promise<FsckReport> {
    const { fsck } = await import('./ops/fsck/fsck.js');
    const checked = given.fsckOptions(options);
    return fsck(this.session, { secondOpinion: false, sample: 1, repair: false, ...checked });
  }

  /** Closes the store. */
  close(): Promise<void> {
    return this.session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
