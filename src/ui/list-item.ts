import { KEEP_RULES, type PlanItem, PRUNE_RULES, type Rule } from '../core/retention/prune-plan.js';
import type { TrashedArtifact } from './preview-data.js';

/** The reason for listing an item; `trashed` was removed earlier and is purged with the trash. */
export type ListRule = Rule | 'trashed';
export const RULES: readonly ListRule[] = [...PRUNE_RULES, ...KEEP_RULES, 'trashed'];

/** An artifact in the trash as a list item. */
export type TrashedItem = TrashedArtifact & {
  readonly verdict: 'trashed';
  readonly rule: 'trashed';
  readonly freed_bytes: number;
} & { readonly [K in 'until' | 'pins' | 'irreversible' | 'freed_at_once_bytes' | 'revision']?: undefined } & {
  readonly [K in 'layer' | 'classification']?: undefined;
};
export type ListItem = PlanItem | TrashedItem;
