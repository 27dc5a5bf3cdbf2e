import { isAbsolute, relative, resolve } from 'node:path';
import type { Policy } from '../../core/policy/policy.js';
import { escapeText } from '../../core/text/escape-control.js';
import type { LocalSide } from '../../store/port/local-side.js';

/** The default directory for exports (B8), and whether the store's policy may set it. */
export interface OutputRoot {
  /** Absolute. */
  readonly path: string;
  /** Relative to the workspace, '' for the workspace itself; undefined outside it. */
  readonly inWorkspace: string | undefined;
  /** The policy names this exact path and the user accepted it, including its links. */
  readonly followed: boolean;
  /** Why it has no effect. */
  readonly refused?: string;
}

/** The path below a directory, '' for the directory itself, undefined outside. */
export function within(directory: string, path: string): string | undefined {
  const below = relative(directory, path);
  return isAbsolute(below) || below === '..' || below.startsWith('../') ? undefined : below;
}

/** Whether a component begins with a dot: programs read such files unasked, as `.bash_login` or `.git/hooks/x`. */
export function hasDotName(path: string): boolean {
  return path.split('/').some((name) => name.startsWith('.'));
}

/** Whether the user must accept a root before it takes effect: not for an ordinary directory below the workspace. */
function needsAcceptance(workspace: string, root: string): boolean {
  const inWorkspace = within(workspace, resolve(workspace, root));
  return isAbsolute(root) || inWorkspace === undefined || hasDotName(inWorkspace);
}

/**
 * The output root of a policy. A store may come from somebody else, and a pull may bring a policy: a root outside the
 * workspace, or with a component that begins with a dot, takes effect only where this user has accepted it.
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

/** Remembers that this user has set a policy, and with it its output root, in their own store. */
export async function acceptOutputRoot({ workspace, trust }: LocalSide, policy: Policy): Promise<void> {
  const root = policy.export.output_root;
  if (!needsAcceptance(workspace, root) || !(await trust.isAccepted())) return;
  await trust.accept(resolve(workspace, root));
}
