import * as given from './arguments.js';
import { ArtifactReader } from './artifact-reader.js';
import { compact } from './core/json/omit-undefined.js';
import type { Timestamp } from './core/objects/ids.js';
import { planHash } from './core/retention/plan-file.js';
import { namedPolicy } from './named-policy.js';
import type { BundleCreated, BundleOptions } from './ops/bundle/create-bundle.js';
import type { Imported, ImportOptions } from './ops/bundle/import-bundle.js';
import type { DebugBundleCreated } from './ops/debug/create-debug-bundle.js';
import type { DebugScope } from './ops/debug/debug-request.js';
import type { Exported } from './ops/export/export.js';
import type { Collected } from './ops/gc/collect-garbage.js';
import type { Removed } from './ops/gc/remove-artifacts.js';
import type { Restored } from './ops/gc/restore.js';
import type { Described } from './ops/govern/describe-artifacts.js';
import { changePins } from './ops/govern/pins.js';
import type { Promoted } from './ops/govern/promote.js';
import type { Reclassification, Reclassified } from './ops/govern/reclassify.js';
import type { RetainChange, Retained } from './ops/govern/retain.js';
import type { WorkspaceImport, WorkspaceOptions } from './ops/handshake/import-workspace.js';
import { defaultPinName, toPinName } from './ops/naming/pin-name.js';
import { resolveArtifacts } from './ops/naming/resolve-artifact.js';
import type { PageRequest } from './ops/page/publish-page.js';
import type { PublishedReport } from './ops/page/publish-report.js';
import type { PublishedUsage } from './ops/page/publish-usage.js';
import { streamSource } from './ops/payload/stream-source.js';
import { type PutOptions, type PutResult, put } from './ops/put/put.js';
import type { RunResult } from './ops/run/run-request.js';
import type {
  CollectStoreOptions,
  DebugBundleOptions,
  ExportOptions,
  PageOptions,
  PinOptions,
  PutArtifactOptions,
  RunOptions,
  UsagePageOptions,
} from './options.js';

/** A path, bytes, or a stream of chunks. */
export type Source = string | Uint8Array | AsyncIterable<Uint8Array>;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/**
 * An open store, with the operations of the commands. Artifacts are named as on the command line: by id, unique prefix,
 * `name` or `name@{n}`. All errors are {@link HsError}, with a `code` and a `hint`; whatever a command would refuse is
 * refused and recorded here too.
 */
export class ArtifactStore extends ArtifactReader {
  /** Stores a file, a directory, bytes or a stream as one new artifact (`hs put`). */
  async put(source: Source, options: PutArtifactOptions = {}): Promise<PutResult> {
    const { filenameHint, ...rest } = given.putOptions(options);
    const from = { ...this.#payload(source), ...compact({ filenameHint }) };
    const [result] = await put(this.session, [from], rest);
    return result!;
  }

  #payload(source: Source) {
    if (typeof source === 'string') return { path: this.path(source) };
    if (given.isBytes(source)) return { stream: streamSource(once(source)) };
    if (given.isStream(source)) return { stream: streamSource(source) };
    throw given.notASource();
  }

  /** Stores each path as an artifact, in one commit: all of them or none. */
  async putAll(paths: readonly string[], options: PutOptions = {}): Promise<PutResult[]> {
    const sources = given.names(paths, 'paths').map((path) => ({ path: this.path(path) }));
    return put(this.session, sources, given.putAllOptions(options));
  }

  /** Pins artifacts, so that no command removes them (`hs pin`). Returns the name of the pin. */
  async pin(names: readonly string[], options: PinOptions = {}): Promise<string> {
    const typedNames = given.names(names, 'names');
    const { reason, ...checked } = given.pinOptions(options);
    const name = checked.name === undefined ? defaultPinName(this.session) : toPinName(checked.name);
    const catalog = await this.session.catalog();
    const until = checked.until?.toISOString() as Timestamp | undefined;
    await changePins(
      this.session,
      (await resolveArtifacts(catalog, typedNames)).map(({ artifact_id: id }) => {
        return { change: 'pin', id, name, reason, until };
      }),
    );
    return name;
  }

  /** Removes the pin of that name (`hs unpin`). */
  async unpin(names: readonly string[], pin?: string): Promise<void> {
    const name = pin === undefined ? defaultPinName(this.session) : given.text(pin, 'pin');
    const typedNames = given.names(names, 'names');
    const catalog = await this.session.catalog();
    await changePins(
      this.session,
      (await resolveArtifacts(catalog, typedNames)).map(({ artifact_id: id }) => ({
        change: 'unpin',
        id,
        name,
      })),
    );
  }

  /**
   * Writes a payload outside the store: checked, atomic and recorded (`hs export`). `destination` is the exact path
   * that is created; without it, the artifact is written below the policy's output root.
   */
  async export(name: string, destination?: string, options: ExportOptions = {}): Promise<Exported> {
    const { exportArtifact } = await import('./ops/export/export.js');
    return exportArtifact(this.session, this.exportRequest(name, destination, options));
  }

  /**
   * Exports an artifact together with an attestation of the run that made it (`hs export --attest`). Returns both
   * exports. `key` is the file of an Ed25519 private key, or `ssh-agent`. NOT_FOUND if no run made it.
   */
  async exportAttested(
    name: string,
    key: string,
    destination?: string,
    options: ExportOptions = {},
  ): Promise<readonly [Exported, Exported]> {
    const { exportAttested } = await import('./ops/export/export-attested.js');
    return exportAttested(this.session, this.exportRequest(name, destination, options), this.key(key));
  }

  /**
   * Writes a retention report as one HTML page outside the store, checked and recorded like an export (`hs report
   * --html`).
   */
  async exportReport(name: string, destination: string, options: PageOptions = {}): Promise<PublishedReport> {
    const { publishReport } = await import('./ops/page/publish-report.js');
    const request = this.#pageRequest(destination, given.pageOptions(options));
    return publishReport(this.session, given.text(name, 'name'), request);
  }

  /** Writes disk usage as one HTML page outside the store (`hs du --html`). */
  async exportUsage(destination: string, options: UsagePageOptions = {}): Promise<PublishedUsage> {
    const { publishUsage } = await import('./ops/page/publish-usage.js');
    const { by = 'kind', ...rest } = given.usagePageOptions(options);
    return publishUsage(this.session, by, this.#pageRequest(destination, rest));
  }

  #pageRequest(destination: string, options: PageOptions): PageRequest {
    return { ...options, place: { kind: 'path', path: this.path(destination, 'destination') } };
  }

  /** Removes expired artifacts, or only those of them that a plan lists (`hs gc --yes`, `hs gc --apply`). */
  async gc(options: CollectStoreOptions = {}): Promise<Collected> {
    const { collect } = await import('./ops/gc/collect-garbage.js');
    const { plan, ...rest } = given.collectOptions(options);
    return collect(this.session, {
      ...rest,
      ...(plan === undefined ? {} : { seen: { plan, hash: planHash(plan) } }),
    });
  }

  /** Removes artifacts whatever their age; pinned and frozen ones stay and are listed in `refused` (`hs rm`). */
  async remove(
    names: readonly string[],
    options: { readonly reason?: string; readonly purge?: boolean } = {},
  ): Promise<Removed> {
    const { removeArtifacts } = await import('./ops/gc/remove-artifacts.js');
    const [typedNames, checked] = [given.names(names, 'names'), given.removeOptions(options)];
    const catalog = await this.session.catalog();
    const ids = new Set((await resolveArtifacts(catalog, typedNames)).map((r) => r.artifact_id));
    return removeArtifacts(this.session, ids, checked);
  }

  /** Restores removed artifacts during their trash window, and pins them (`hs restore`). */
  async restore(names: readonly string[], options: { readonly pin?: boolean } = {}): Promise<Restored> {
    const { restore } = await import('./ops/gc/restore.js');
    const [typedNames, { pin = true }] = [given.names(names, 'names'), given.restoreOptions(options)];
    const catalog = await this.session.catalog();
    const records = await resolveArtifacts(catalog, typedNames, { removed: 'first' });
    const ids = records.map((r) => r.artifact_id);
    return restore(this.session, ids, { pin });
  }

  /** Appends a note to the ledger (`hs ledger append-note`). Returns its sequence number. */
  async note(text: string): Promise<number> {
    const { appendNote } = await import('./ops/govern/ledger-note.js');
    return (await appendNote(this.session, given.text(text, 'text'))).seq;
  }

  /** Packs artifacts into one bundle artifact (`hs bundle create`). */
  async bundle(names: readonly string[], options: BundleOptions = {}): Promise<BundleCreated> {
    const { createBundle } = await import('./ops/bundle/create-bundle.js');
    const { attest, ...rest } = given.bundleOptions(options);
    return createBundle(this.session, given.names(names, 'names'), {
      ...rest,
      ...(attest === undefined ? {} : { attest: this.key(attest) }),
    });
  }

  /** Collects evidence of a problem in one bundle artifact, without secrets unless requested (`hs bundle debug`). */
  async debugBundle(scope: DebugScope, options: DebugBundleOptions = {}): Promise<DebugBundleCreated> {
    const { createDebugBundle } = await import('./ops/debug/create-debug-bundle.js');
    return createDebugBundle(this.session, {
      ...given.debugOptions(options),
      scope: given.debugScope(scope),
    });
  }

  /** Registers the artifacts of a bundle file or directory, all or none (`hs import`). */
  async importBundle(path: string, options: ImportOptions = {}): Promise<Imported> {
    const { importBundle } = await import('./ops/bundle/import-bundle.js');
    return importBundle(this.session, this.path(path), given.importOptions(options));
  }

  /** Registers the artifacts of an OCI image layout, all or none (`hs import --format oci`). */
  async importLayout(path: string, options: ImportOptions = {}): Promise<Imported> {
    const { importLayout } = await import('./ops/bundle/import-oci.js');
    return importLayout(this.session, this.path(path), given.importOptions(options));
  }

  /** Imports the valid artifacts of a handshake_core workspace and reports the rest (`hs import --format handshake`). */
  async importWorkspace(path: string, options: WorkspaceOptions = {}): Promise<WorkspaceImport> {
    const { importWorkspace } = await import('./ops/handshake/import-workspace.js');
    return importWorkspace(this.session, this.path(path), given.workspaceOptions(options));
  }

  /** Renames an artifact; null removes the name (`hs rename`). */
  async rename(name: string, to: string | null, reason?: string): Promise<Described> {
    const { rename } = await import('./ops/govern/describe-artifacts.js');
    const target = to === null ? null : given.text(to, 'to');
    return rename(this.session, given.text(name, 'name'), target, given.reason(reason));
  }

  /** Sets labels; null removes a label; others stay unchanged (`hs label`). */
  async label(
    name: string,
    labels: Readonly<Record<string, string | null>>,
    reason?: string,
  ): Promise<Described> {
    const { label } = await import('./ops/govern/describe-artifacts.js');
    return label(this.session, given.text(name, 'name'), given.labelChange(labels), given.reason(reason));
  }

  /** Changes the TTL or class of artifacts (`hs retain`). */
  async retain(names: readonly string[], change: RetainChange): Promise<Retained[]> {
    const { retain } = await import('./ops/govern/retain.js');
    return retain(this.session, given.names(names, 'names'), given.retainChange(change));
  }

  /** Changes the classification of an artifact, and whether it is exportable (`hs reclassify`). */
  async reclassify(name: string, change: Reclassification): Promise<Reclassified> {
    const { reclassify } = await import('./ops/govern/reclassify.js');
    return reclassify(this.session, given.text(name, 'name'), given.reclassification(change));
  }

  /** Moves an artifact up one layer; L1 needs an attestation (`hs promote`). */
  async promote(name: string, attest?: string): Promise<Promoted> {
    const { promote } = await import('./ops/govern/promote.js');
    const reason = attest === undefined ? undefined : given.text(attest, 'attest');
    return promote(this.session, given.text(name, 'name'), reason);
  }

  /** Sets the policy (`hs policy set`). */
  async setPolicy(policy: unknown) {
    const { setPolicyFrom } = await import('./ops/govern/set-policy.js');
    return setPolicyFrom(this.session, () => namedPolicy(policy));
  }

  /** Runs a tool and registers its output as artifacts (`hs run`); what it prints is discarded unless requested. */
  async run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const { runTool } = await import('./ops/run/run-tool.js');
    const { environment } = this.session;
    const checked = given.runOptions(options);
    return runTool(this.session, {
      cwd: environment.cwd,
      env: environment.all(),
      stdin: 'ignore',
      each: false,
      sources: [],
      capture: [],
      keepFailed: false,
      recordArgs: false,
      strict: false,
      network: false,
      onOutput: async () => true,
      ...checked,
      ...(checked.cwd === undefined ? {} : { cwd: this.path(checked.cwd) }),
      command: given.commandLine(command),
    });
  }
}
