import type { Promoted } from '../ops/govern/promote.js';
import type { Reclassification, Reclassified } from '../ops/govern/reclassify.js';
import type { NamedPolicy } from '../ops/govern/set-policy.js';
import * as given from './arguments.js';
import { camelCased } from './camel-case.js';
import { namedPolicy } from './named-policy.js';
import type { BatchLabel, CallOptions, PromoteOptions, ReasonOptions } from './options.js';
import type { Described, PolicyCheck, PolicyDifferences, PolicySet } from './results.js';
import { RetentionMethods } from './retention-methods.js';

/** Governance: descriptions, classifications, layers and the policy. */
export class GovernMethods extends RetentionMethods {
  /**
   * Renames an artifact; null removes the name (`hs rename`).
   *
   * @example
   * const { name, revision } = await store.rename('report', 'report/final');
   * [name, revision]; // → ['report/final', 2]
   */
  async rename(
    name: string,
    to: string | null,
    options: ReasonOptions & CallOptions = {},
  ): Promise<Described> {
    const [session, { reason }] = this.begin(given.reasonOptions(options));
    const { rename } = await import('../ops/govern/describe-artifacts.js');
    const target = to === null ? null : given.text(to, 'to');
    return camelCased(await rename(session, given.text(name, 'name'), target, reason));
  }

  /**
   * Sets labels; null removes a label; others stay unchanged (`hs label`).
   *
   * @example
   * await store.label('report', { env: 'test', commit: '4f2a' });
   * (await store.label('report', { env: null })).labels; // → { commit: '4f2a' }
   */
  async label(
    name: string,
    labels: Readonly<Record<string, string | null>>,
    options: ReasonOptions & CallOptions = {},
  ): Promise<Described> {
    const [session, { reason }] = this.begin(given.reasonOptions(options));
    const { label } = await import('../ops/govern/describe-artifacts.js');
    return camelCased(await label(session, given.text(name, 'name'), given.labelChange(labels), reason));
  }

  /**
   * The same for several artifacts, in one commit: all of them or none (`hs label --manifest-lines`). Errors name the
   * line, counted from 1.
   *
   * @example
   * const labelled = await store.labelLines([
   *   { artifact: 'report', labels: { commit: '4f2a' } },
   *   { artifact: 'dist', labels: { commit: '4f2a', draft: null } },
   * ]);
   * labelled.map(({ name, labels }) => [name, labels.commit]); // → [['report', '4f2a'], ['dist', '4f2a']]
   */
  async labelLines(
    lines: Iterable<BatchLabel>,
    options: ReasonOptions & CallOptions = {},
  ): Promise<readonly Described[]> {
    const [session, { reason }] = this.begin(given.reasonOptions(options));
    const { labelLines } = await import('../ops/govern/describe-artifacts.js');
    const asked = await this.batch(lines, given.batchLabel);
    const changes = asked.map(({ artifact, ...rest }) => ({ id: artifact, ...rest }));
    return camelCased(await labelLines(session, changes, reason));
  }

  /**
   * Changes the classification of an artifact, and whether it is exportable (`hs reclassify`).
   *
   * @example
   * await store.reclassify('report', { classification: 'high', ttl: 7, reason: 'names customers' });
   * await store.export('report', 'out.html'); // throws GUARD_BLOCKED
   */
  async reclassify(name: string, change: Reclassification, options: CallOptions = {}): Promise<Reclassified> {
    const [session] = this.begin(given.callOptions(options));
    const { reclassify } = await import('../ops/govern/reclassify.js');
    return reclassify(session, given.text(name, 'name'), given.reclassification(change));
  }

  /**
   * Moves an artifact up one layer (`hs promote`). L1 needs `attest`, the reason, from which the attestation is made.
   *
   * @example
   * const { from, to } = await store.promote('report');
   * [from, to]; // → ['L3', 'L2']
   */
  async promote(name: string, options: PromoteOptions & CallOptions = {}): Promise<Promoted> {
    const [session, { attest }] = this.begin(given.promoteOptions(options));
    const { promote } = await import('../ops/govern/promote.js');
    return promote(session, given.text(name, 'name'), attest);
  }

  /**
   * The current policy (`hs policy show`).
   *
   * @example
   * const { policy } = await store.policy();
   * policy.retention.classes.log.window_days === DEFAULT_POLICY.retention.classes.log.window_days; // → true
   */
  async policy(options: CallOptions = {}): Promise<NamedPolicy> {
    const [session] = this.begin(given.callOptions(options));
    const { currentPolicy } = await import('../ops/govern/set-policy.js');
    return currentPolicy(session);
  }

  /**
   * The effects of a policy, and the rules in it that match nothing; changes nothing (`hs policy check`).
   *
   * @example
   * const retention = { ...DEFAULT_POLICY.retention, trash_days: 30 };
   * const { settings } = await store.checkPolicy({ ...DEFAULT_POLICY, retention });
   * settings.map((change) => [change.setting, change.to]); // → [['retention.trash_days', 30]]
   */
  async checkPolicy(policy: unknown, options: CallOptions = {}): Promise<PolicyCheck> {
    const [session] = this.begin(given.callOptions(options));
    const { checkPolicy } = await import('../ops/govern/set-policy.js');
    const { settings, ...rest } = await checkPolicy(session, namedPolicy(policy));
    return { ...camelCased(rest), settings };
  }

  /**
   * Sets the policy (`hs policy set`).
   *
   * @example
   * const retention = { ...DEFAULT_POLICY.retention, trash_days: 30 };
   * const { changed } = await store.setPolicy({ ...DEFAULT_POLICY, retention });
   * [changed, (await store.policy()).policy.retention.trash_days]; // → [true, 30]
   */
  async setPolicy(policy: unknown, options: CallOptions = {}): Promise<PolicySet> {
    const [session] = this.begin(given.callOptions(options));
    const { setPolicyFrom } = await import('../ops/govern/set-policy.js');
    return setPolicyFrom(session, () => namedPolicy(policy));
  }

  /**
   * Changes settings of the policy; undefined unsets one (`hs policy set KEY=VALUE`). CONFLICT if another policy was set
   * meanwhile.
   *
   * @example
   * await store.changePolicy({ 'retention.trash_days': 30, 'retention.classes.log.window_days': 60 });
   * (await store.policy()).policy.retention.trash_days; // → 30
   */
  async changePolicy(
    settings: Readonly<Record<string, unknown>>,
    options: CallOptions = {},
  ): Promise<PolicySet> {
    const [session] = this.begin(given.callOptions(options));
    const { changePolicy } = await import('../ops/govern/set-policy.js');
    const patches = Object.entries(given.record(settings, 'settings'));
    return changePolicy(
      session,
      patches.map(([setting, value]) => ({ setting, value })),
    );
  }

  /**
   * What differs between two policies, each a policy or the id of one that was in force (`hs policy diff`).
   *
   * @example
   * const { id, policy } = await store.policy();
   * const retention = { ...policy.retention, trash_days: 30 };
   * const { settings, grants } = await store.diffPolicies(id, { ...policy, retention });
   * [settings[0].setting, settings[0].to, grants]; // → ['retention.trash_days', 30, []]
   */
  async diffPolicies(from: unknown, to: unknown, options: CallOptions = {}): Promise<PolicyDifferences> {
    const [session] = this.begin(given.callOptions(options));
    const { policyDifferences, storedPolicy } = await import('../ops/govern/set-policy.js');
    const read = async (policy: unknown) =>
      typeof policy === 'string' && policy !== '' ? storedPolicy(session, policy) : namedPolicy(policy);
    return policyDifferences(await read(from), await read(to));
  }
}
