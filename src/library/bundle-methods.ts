import type { BundleOptions } from '../ops/bundle/create-bundle.js';
import type { Imported, ImportOptions } from '../ops/bundle/import-bundle.js';
import type { DebugScope } from '../ops/debug/debug-request.js';
import type { WorkspaceImport, WorkspaceOptions } from '../ops/handshake/import-workspace.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import { ExportMethods } from './export-methods.js';
import type { CallOptions, DebugBundleOptions } from './options.js';
import type { BundleCreated, DebugBundleCreated } from './results.js';

/** Bundles: artifacts that travel together, and imports. */
export class BundleMethods extends ExportMethods {
  /**
   * Packs artifacts into one bundle artifact (`hs bundle create`).
   *
   * @example
   * const { members } = await store.bundle(['report', 'dist'], { name: 'delivery' });
   * await store.export('delivery', 'delivery.tar');
   * members; // → 2
   */
  async bundle(names: readonly string[], options: BundleOptions & CallOptions = {}): Promise<BundleCreated> {
    const [session, { attest, ...rest }] = this.begin(given.bundleOptions(options));
    const { createBundle } = await import('../ops/bundle/create-bundle.js');
    const key = attest === undefined ? {} : { attest: this.key(attest) };
    return camelCased(await createBundle(session, given.names(names, 'names'), { ...rest, ...key }));
  }

  /**
   * Collects evidence of a problem in one bundle artifact, without secrets unless requested (`hs bundle debug`).
   *
   * @example
   * const { mode, events } = await store.debugBundle({ kind: 'artifact', artifact: 'report' });
   * [mode, events > 0]; // → ['safe', true]
   */
  async debugBundle(
    scope: DebugScope,
    options: DebugBundleOptions & CallOptions = {},
  ): Promise<DebugBundleCreated> {
    const [session, rest] = this.begin(given.debugOptions(options));
    const { createDebugBundle } = await import('../ops/debug/create-debug-bundle.js');
    return camelCased(await createDebugBundle(session, { ...rest, scope: given.debugScope(scope) }));
  }

  /**
   * Registers the artifacts of a bundle file or directory, all or none (`hs import`).
   *
   * @example
   * await store.bundle(['report', 'dist'], { name: 'delivery' });
   * await store.export('delivery', 'delivery.tar');
   * await mkdir('elsewhere');
   * const other = await createStore('elsewhere');
   * (await other.importBundle('delivery.tar')).artifacts.length; // → 2
   * await other.close();
   */
  async importBundle(path: string, options: ImportOptions & CallOptions = {}): Promise<Imported> {
    const [session, rest] = this.begin(given.importOptions(options));
    const { importBundle } = await import('../ops/bundle/import-bundle.js');
    return importBundle(session, this.path(path), rest);
  }

  /**
   * Registers the artifacts of an OCI image layout, all or none (`hs import --format oci`).
   *
   * @example
   * await store.export('report', 'layout', { format: 'oci' });
   * await mkdir('elsewhere');
   * const other = await createStore('elsewhere');
   * (await other.importLayout('layout')).artifacts.length; // → 1
   * await other.close();
   */
  async importLayout(path: string, options: ImportOptions & CallOptions = {}): Promise<Imported> {
    const [session, rest] = this.begin(given.importOptions(options));
    const { importLayout } = await import('../ops/bundle/import-oci.js');
    return importLayout(session, this.path(path), rest);
  }

  /**
   * Imports the valid artifacts of a handshake_core workspace and reports the rest (`hs import --format handshake`).
   *
   * @example
   * await mkdir('other/.handshake/artifacts/L3', { recursive: true });
   * const { artifacts, refused } = await store.importWorkspace('other');
   * [artifacts, refused]; // → [[], []]
   */
  async importWorkspace(
    path: string,
    options: WorkspaceOptions & CallOptions = {},
  ): Promise<WorkspaceImport> {
    const [session, rest] = this.begin(given.workspaceOptions(options));
    const { importWorkspace } = await import('../ops/handshake/import-workspace.js');
    return importWorkspace(session, this.path(path), rest);
  }

  /**
   * What that import would register, and the faults of the rest; changes nothing (`hs import --dry-run`).
   *
   * @example
   * await mkdir('other/.handshake/artifacts/L3', { recursive: true });
   * await writeFile('other/.handshake/artifacts/L3/stray.txt', '');
   * (await store.planWorkspaceImport('other')).strays.length; // → 1
   */
  async planWorkspaceImport(
    path: string,
    options: WorkspaceOptions & CallOptions = {},
  ): Promise<WorkspaceImport> {
    const [session, rest] = this.begin(given.workspaceOptions(options));
    const { planWorkspaceImport } = await import('../ops/handshake/import-workspace.js');
    return planWorkspaceImport(session, this.path(path), rest);
  }
}
