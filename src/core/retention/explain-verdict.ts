import type { PlanItem } from './prune-plan.js';

/** Says in a sentence why the plan keeps or prunes an artifact (D2). `when` formats a time. */
export function explainVerdict(item: PlanItem, when: (at: string) => string): string {
  const words = explained(item, when);
  return item.irreversible ? `${words}; it cannot be brought back afterwards` : words;
}

function explained(item: PlanItem, when: (at: string) => string): string {
  const until = item.until === undefined ? undefined : when(item.until);
  const end = until === undefined ? '' : `, until ${until}`;
  switch (item.rule) {
    case 'pinned':
      return `kept: pinned as '${(item.pins ?? []).join("', '")}'${end}`;
    case 'frozen':
      return 'kept: frozen in L1';
    case 'held':
      return `kept: something pinned was made from it${end}`;
    case 'within_ttl':
      return `kept by its TTL${end}`;
    case 'ephemeral_live':
      return `kept: ephemeral (L4)${end}`;
    case 'within_window':
      return `kept: within the window of its class '${item.retention_class}'${end}`;
    case 'min_versions':
      return 'kept: its window has ended, but it is among the newest of its series';
    case 'future_dated':
      return `kept: dated in the future${until === undefined ? '' : `, ${until}`}`;
    case 'damaged':
      return 'kept: damaged, so nothing is decided about it; see hs fsck';
    case 'sensitive_ttl':
    case 'ttl_expired':
      return `will be collected: its TTL expired ${until ?? ''}`.trimEnd();
    case 'ephemeral':
      return `will be collected: ephemeral (L4), expired ${until ?? ''}`.trimEnd();
    case 'window_expired':
      return `will be collected: the window of its class '${item.retention_class}' ended ${until ?? ''}`.trimEnd();
    case 'quota':
      return 'will be collected: the store is over its quota';
    case 'requested':
      return 'will be removed: requested';
    case 'unlisted':
      return 'kept: not on the list, or left out by the filter';
  }
}
