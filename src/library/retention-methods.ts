import { planHash } from '../core/retention/plan-file.js';
import type { PrunePlan } from '../core/retention/prune-plan.js';
import type { RetentionReport } from '../core/retention/report.js';
import type { RetainChange } from '../ops/govern/retain.js';
import { resolveArtifact } from '../ops/naming/resolve-artifact.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import { namedPolicy } from './named-policy.js';
import type {
  ArtifactSelection,
  BatchRetain,
  CallOptions,
  CollectOptions,
  PlanOptions,
  PlanRemovalOptions,
  RemoveOptions,
  RestoreOptions,
} from './options.js';
import { PinMethods } from './pin-methods.js';
import type { Collected, Removed, ReportRow, Restored, Retained } from './results.js';

/** Retention: plans, removals and what undoes them. */
export class RetentionMethods extends PinMethods {
  /**
   * Changes the TTL or class of artifacts, each by a new revision, in one commit (`hs retain`).
   *
   * @example
   * const [retained] = await store.retain(['report'], { ttl: 30 });
   * [retained.revision, retained.retentionTtlDays]; // → [2, 30]
   * (await store.retain({ filters: ['kind=file'] }, { ttl: 7 })).length; // → 2
   */
  async retain(
    artifacts: ArtifactSelection,
    change: RetainChange,
    options: CallOptions = {},
  ): Promise<readonly Retained[]> {
    const [session] = this.begin(given.callOptions(options));
    const asked = given.retainChange(change);
    const { retain } = await import('../ops/govern/retain.js');
    return camelCased(await retain(session, await this.selected(session, artifacts), asked));
  }

  /**
   * The same with a change for each, in one commit: all of them or none (`hs retain --manifest-lines`). Errors name the
   * line, counted from 1.
   *
   * @example
   * const retained = await store.retainLines([
   *   { artifact: 'report', ttl: 30 },
   *   { artifact: 'dist', retentionClass: 'checkpoint' },
   * ]);
   * retained.map((artifact) => artifact.revision); // → [2, 2]
   */
  async retainLines(lines: Iterable<BatchRetain>, options: CallOptions = {}): Promise<readonly Retained[]> {
    const [session] = this.begin(given.callOptions(options));
    const { retainLines } = await import('../ops/govern/retain.js');
    const asked = await this.batch(lines, given.batchRetain);
    return camelCased(
      await retainLines(
        session,
        asked.map(({ artifact, ...rest }) => ({ id: artifact, ...rest })),
      ),
    );
  }

  /**
   * What a collection would remove now, and with `all` also what it would keep, and why; changes nothing (`hs plan-prune`).
   * `encodePlan` makes the plan a file.
   *
   * @example
   * const plan = await store.plan({ all: true });
   * plan.items.map((item) => `${item.verdict} ${item.name}: ${item.rule}`).sort(); // → ['keep dist: within_window', 'keep report: within_window']
   * (await store.plan({ filters: [['name', 'scratch']] })).header.filters; // → ['name=scratch']
   */
  async plan(options: PlanOptions & CallOptions = {}): Promise<PrunePlan> {
    const [session, { policy, ...rest }] = this.begin(given.planOptions(options));
    const { planCollection } = await import('../ops/gc/plan-collection.js');
    const asked = policy === undefined ? {} : { policy: namedPolicy(policy) };
    return planCollection(session, { ...rest, ...asked });
  }

  /**
   * Removes expired artifacts, or only those of them that a plan lists (`hs gc`, `hs apply-prune`).
   *
   * @example
   * await store.put(Buffer.from('scratch'), { name: 'scratch', ttl: 0 });
   * const { outcome } = await store.gc({ plan: await store.plan() });
   * [outcome.plan.header.pruned, outcome.restorable]; // → [1, 1]
   */
  async gc(options: CollectOptions & CallOptions = {}): Promise<Collected> {
    const [session, { plan, ...rest }] = this.begin(given.collectOptions(options));
    const { collect } = await import('../ops/gc/collect-garbage.js');
    const seen = plan === undefined ? {} : { seen: { plan, hash: planHash(plan) } };
    return camelCased(await collect(session, { ...rest, ...seen }));
  }

  /**
   * Removes artifacts whatever their age; pinned and frozen ones stay and are listed in `refused` (`hs rm`).
   *
   * @example
   * await store.pin(['dist']);
   * const { outcome, refused } = await store.remove(['report', 'dist'], { reason: 'not needed' });
   * [outcome.plan.header.pruned, refused[0].item.name]; // → [1, 'dist']
   */
  async remove(artifacts: ArtifactSelection, options: RemoveOptions & CallOptions = {}): Promise<Removed> {
    const [session, rest] = this.begin(given.removeOptions(options));
    const { removeArtifacts } = await import('../ops/gc/remove-artifacts.js');
    return camelCased(await removeArtifacts(session, new Set(await this.selected(session, artifacts)), rest));
  }

  /**
   * What `remove` would remove, and what it would keep and why; changes nothing (`hs rm --dry-run`).
   *
   * @example
   * await store.pin(['dist']);
   * const plan = await store.planRemoval({ filters: ['kind=file'] });
   * plan.items.map((item) => `${item.verdict} ${item.name}`).sort(); // → ['keep dist', 'prune report']
   */
  async planRemoval(
    artifacts: ArtifactSelection,
    options: PlanRemovalOptions & CallOptions = {},
  ): Promise<PrunePlan> {
    const [session, { purge = false }] = this.begin(given.planRemovalOptions(options));
    const { planRemoval } = await import('../ops/gc/remove-artifacts.js');
    return planRemoval(session, new Set(await this.selected(session, artifacts)), purge);
  }

  /**
   * Restores removed artifacts during their trash window, and pins them (`hs restore`).
   *
   * @example
   * await store.remove(['report']);
   * const { restored, failed } = await store.restore(['report']);
   * [restored[0].name, failed]; // → ['report', []]
   */
  async restore(names: readonly string[], options: RestoreOptions & CallOptions = {}): Promise<Restored> {
    const [session, { pin = true }] = this.begin(given.restoreOptions(options));
    const { restore } = await import('../ops/gc/restore.js');
    const records = await this.resolveAll(session, given.names(names, 'names'), { removed: 'first' });
    return camelCased(
      await restore(
        session,
        records.map((r) => r.artifact_id),
        { pin },
      ),
    );
  }

  /**
   * Undoes a collection, named by its report: restores what it removed and is still removed (`hs restore --run`).
   *
   * @example
   * const { outcome } = await store.remove(['report', 'dist']);
   * const { restored } = await store.restoreRun(outcome.report);
   * restored.length; // → 2
   */
  async restoreRun(report: string, options: RestoreOptions & CallOptions = {}): Promise<Restored> {
    const [session, { pin = true }] = this.begin(given.restoreOptions(options));
    const { removedByRun, restore } = await import('../ops/gc/restore.js');
    const typed = given.text(report, 'report');
    const asked = { removed: true, listedBy: 'hs report' } as const;
    const record = await resolveArtifact(await session.catalog(), typed, asked);
    const ids = (await removedByRun(session, record)).map((r) => r.artifact_id);
    return camelCased(await restore(session, ids, { pin, run: record.artifact_id }));
  }

  /**
   * The collections whose reports still exist, newest first (`hs report`).
   *
   * @example
   * await store.remove(['report']);
   * (await store.reports()).map((row) => [row.command, row.removedStill]); // → [['rm', 1]]
   */
  async reports(options: CallOptions = {}): Promise<readonly ReportRow[]> {
    const [session] = this.begin(given.callOptions(options));
    const { listReports } = await import('../ops/gc/retention-reports.js');
    return camelCased(await listReports(session));
  }

  /**
   * The artifacts that one collection removed and kept, with the rule for each (`hs report`).
   *
   * @example
   * const { outcome } = await store.remove(['report']);
   * (await store.report(outcome.report)).header.pruned; // → 1
   */
  async report(name: string, options: CallOptions = {}): Promise<RetentionReport> {
    const [session] = this.begin(given.callOptions(options));
    const { readReport } = await import('../ops/gc/retention-reports.js');
    return (await readReport(session, given.text(name, 'name'))).report;
  }
}
