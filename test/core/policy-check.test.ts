import { describe, expect, it } from 'vitest';
import type { ArtifactRecord } from '../../src/core/catalog/artifact-record.js';
import { DEFAULT_POLICY, type Policy } from '../../src/core/policy/policy.js';
import { grantChanges, idleRules, locksOut, settingChanges } from '../../src/core/policy/policy-check.js';

const artifact = (more: Partial<ArtifactRecord>) =>
  ({ retention_class: 'result', layer: 'L3', ...more }) as ArtifactRecord;
const granting = (...grants: Policy['grants']): Policy => ({ ...DEFAULT_POLICY, grants });

describe('the changes of a policy', () => {
  it('are none for the same policy', () => {
    expect(settingChanges(DEFAULT_POLICY, DEFAULT_POLICY)).toEqual([]);
    expect(grantChanges(DEFAULT_POLICY, DEFAULT_POLICY)).toEqual([]);
  });

  it('list each changed, added and removed setting', () => {
    const { retention } = DEFAULT_POLICY;
    const next = { ...DEFAULT_POLICY, retention: { ...retention, trash_days: 1, quota_bytes: 5 } };
    const changes = [
      { setting: 'retention.quota_bytes', to: 5 },
      { setting: 'retention.trash_days', from: 7, to: 1 },
    ];
    expect(settingChanges(DEFAULT_POLICY, next)).toEqual(changes);
    expect(settingChanges(next, DEFAULT_POLICY)[0]).toEqual({ setting: 'retention.quota_bytes', from: 5 });
  });

  it('list who gains and who loses, however the grants are written', () => {
    const before = granting({ actor: 'ai_job', capabilities: ['artifact.export'] });
    const after = granting(
      { actor: 'ai_job', actor_id: 'nightly', capabilities: ['artifact.export'] },
      { actor: 'ai_job', capabilities: ['artifact.export:output_root'] },
    );
    expect(grantChanges(before, after)).toEqual([
      { actor: 'ai_job', capability: 'artifact.export', change: 'loses' },
    ]);
  });
});

describe('rules that match nothing', () => {
  it('are classes without artifacts, budgets without an export, and redundant grants', () => {
    const policy = granting(
      { actor: 'human', capabilities: ['artifact.read', 'policy.set'] },
      { actor: 'human', actor_id: 'ada', capabilities: ['artifact.read'] },
      { actor: 'plugin_tool', capabilities: [] },
    );
    const idle = idleRules(policy, [artifact({}), artifact({ retention_class: 'log', layer: 'L4' })]);
    expect(idle.map((rule) => rule.split(':')[0])).toEqual([
      'retention.classes.evidence',
      'retention.classes.cache',
      'retention.classes.checkpoint',
      'export.budgets.ai_job',
      'export.budgets.plugin_tool',
      'grants.1',
      'grants.2',
    ]);
  });
});

it('an author is locked out by a policy under which they could not set the next', () => {
  const policy = granting({ actor: 'human', actor_id: 'ada', capabilities: ['policy.set'] });
  expect(locksOut(policy, { type: 'human', id: 'ada' })).toBe(false);
  expect(locksOut(policy, { type: 'human', id: 'bob' })).toBe(true);
});
