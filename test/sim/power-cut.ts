import type { Journal } from './journal.js';
import { type DirNode, dirNode, type FileNode, fileNode, type SimNode } from './nodes.js';
import type { Rng } from './rng.js';

/**
 * The tree that a power cut leaves, as new inodes: what was synced, and of the rest what the seed
 * lets survive. Lost content shows as an empty or shorter file, or as zeros, as on ext4 and XFS.
 */
export function treeAfterPowerCut(root: DirNode, journal: Journal, rng: Rng): DirNode {
  const left = journal.afterPowerCut(rng);
  const contentSurvives = rng.pick([0, 0.5, 1]);
  const copies = new Map<SimNode, SimNode>();

  const copyDir = (dir: DirNode, parent: DirNode | undefined, name: string): DirNode => {
    const copy = dirNode(dir, survivingMode(dir, rng), parent, name, dir.mountPoint);
    copy.nlink = 2;
    copies.set(dir, copy);
    const surviving = left.get(dir) ?? dir.syncedEntries;
    if (surviving.size === 0) return copy;
    const entries = new Map<string, SimNode>();
    for (const [key, node] of surviving) entries.set(key, copyNode(node, copy, key));
    copy.entries = entries;
    copy.syncedEntries = entries;
    return copy;
  };

  const copyNode = (node: SimNode, parent: DirNode, name: string): SimNode => {
    const seen = copies.get(node);
    if (seen !== undefined) {
      seen.nlink += 1;
      return seen;
    }
    if (node.kind === 'directory') return copyDir(node, parent, name);
    const mode = survivingMode(node, rng);
    const copy =
      node.kind === 'file'
        ? fileNode(node, mode, survivingContent(node, contentSurvives, rng))
        : { ...node, mode, syncedMode: mode, opens: 0 };
    copy.nlink = 1;
    copies.set(node, copy);
    return copy;
  };

  return copyDir(root, undefined, '');
}

function survivingMode(node: SimNode, rng: Rng): number {
  return node.mode === node.syncedMode || rng.chance(0.5) ? node.mode : node.syncedMode;
}

function survivingContent({ content, synced }: FileNode, survives: number, rng: Rng): Uint8Array {
  if (content === synced) return content;
  if (rng.chance(survives)) return content;
  const from = Math.min(synced.length, content.length);
  const until = from + rng.below(content.length - from + 1);
  switch (rng.pick(['synced', 'shorter', 'zeros'] as const)) {
    case 'synced':
      return synced;
    case 'shorter':
      return content.slice(0, until);
    case 'zeros':
      return content.slice().fill(0, until);
  }
}
