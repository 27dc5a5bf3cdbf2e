import { isAbsolute, relative, resolve } from 'node:path';
import type { Policy } from '../../core/policy/policy.js';
import { escapeText } from '../../core/text/escape-control.js';
import type { LocalSide } from '../../store/port/local-side.js';

/** Where exports go that name no destination (B8), and how far the store's word counts for it. */
export interface OutputRoot {
  /** Absolute. */
  readonly path: string;
  /** Relative to the workspace, '' for itself; undefined where it lies outside. */
  readonly inWorkspace: string | undefined;
  /** The policy names the very path and this user accepted it: its own links are theirs too. */
  readonly followed: boolean;
  /** Why it does not count. */
  readonly refused?: string;
}

/** The path below a directory, '' for itself, undefined outside. */
export function within(directory: string, path: string): string | undefined {
  const below = relative(directory, path);
  return isAbsolute(below) || below === '..' || below.startsWith('../') ? undefined : below;
}

/** Whether a file of that path is one that programs look for by themselves: `.bash_login`, `.git/hooks/x`. */
export function hasDotName(path: string): boolean {
  return path.split('/').some((name) => name.startsWith('.'));
}

/** Whether a root has to be accepted by the user before it counts: what is plain below the workspace has not. */
function needsAcceptance(workspace: string, root: string): boolean {
  const inWorkspace = within(workspace, resolve(workspace, root));
  return isAbsolute(root) || inWorkspace === undefined || hasDotName(inWorkspace);
}

/**
 * The output root of a policy. A store may come from somebody else, and so may a policy that a pull has
 * brought: a root outside of the workspace, or with a name that begins with a dot, counts only where
 * this user has accepted it.
 */
export async function outputRootOf(
  { workspace, trust }: Pick<LocalSide, 'workspace' | 'trust'>,
  { export: { output_root: root } }: Policy,
): Promise<OutputRoot> {
  const path = resolve(workspace, root);
  const inWorkspace = within(workspace, path);
  const accepted = needsAcceptance(workspace, root) && (await trust.acceptedOutputRoot()) === path;
  if (accepted) return { path, inWorkspace, followed: isAbsolute(root) };
  const why =
    inWorkspace === undefined
      ? 'is outside the workspace'
      : hasDotName(inWorkspace)
        ? 'has a name that begins with a dot'
        : undefined;
  const refused = `the output root '${escapeText(root)}' ${why}, and you have not accepted it`;
  return { path, inWorkspace, followed: false, ...(why === undefined ? {} : { refused }) };
}

/** Remembers that this user has put a policy in force, and with it its output root, in a store of theirs. */
export async function acceptOutputRoot({ workspace, trust }: LocalSide, policy: Policy): Promise<void> {
  const root = policy.export.output_root;
  if (!needsAcceptance(workspace, root) || !(await trust.isAccepted())) return;
  await trust.accept(resolve(workspace, root));
}
