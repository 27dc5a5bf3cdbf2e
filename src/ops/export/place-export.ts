import { basename, dirname, join, relative } from 'node:path';
import type { ArtifactRecord } from '../../core/catalog/artifact-record.js';
import { compact } from '../../core/json/omit-undefined.js';
import type { ExportFormat } from '../../core/ledger/export-formats.js';
import { type SafePath, toSafePath } from '../../core/paths/safe-path.js';
import { escapeText } from '../../core/text/escape-control.js';
import { recordText } from '../../core/text/ledger-text.js';
import { HsError, isErrno, isHsError } from '../../errors/hs-error.js';
import type { Disk } from '../../fsx/disk.js';
import type { Destination } from '../materialize/destination.js';
import type { ExportPlace } from './export-request.js';
import { hasDotName, type OutputRoot, within } from './output-root.js';

/** A destination, and whether it is below the policy's output root, where a bounded actor may write. */
export interface Placed {
  readonly destination: Destination | undefined;
  readonly bounded: boolean;
  /** The destination in the record: an absolute path without links, or `-`. */
  readonly target: string;
  /** Why no file can have that name or location. */
  readonly unsafe?: HsError;
  /** Why nothing is written there although no other destination was given. */
  readonly refused?: string;
}

/** The longest path that the ledger accepts. */
const MOST_TARGET = 4096;

const SUFFIX: Partial<Record<ExportFormat, string>> = { tar: '.tar', 'tar.gz': '.tar.gz' };

/**
 * Resolves the requested place to a destination (B8). Without one, and with `onlyRoot` for a path below the output
 * root, the path is walked from the workspace if the root is inside it, following no link: an actor confined to the
 * root, or whoever sent the workspace, could have made it (B4). Otherwise links in the typed directory, or in a root
 * that this user accepted, are followed. A name that begins with a dot must be typed.
 */
export async function placeExport(disk: Disk, place: ExportPlace, context: PlaceContext): Promise<Placed> {
  try {
    return await placed(disk, place, context);
  } catch (e) {
    // Such a place is refused like any other, with a record.
    if (!isHsError(e, 'UNSAFE_PATH')) throw e;
    const typed = place.kind === 'path' ? place.path : place.kind === 'into' ? place.directory : '-';
    return { destination: undefined, bounded: false, target: recordText(typed, MOST_TARGET), unsafe: e };
  }
}

interface PlaceContext {
  readonly workspace: string;
  readonly outputRoot: OutputRoot;
  readonly record: ArtifactRecord;
  readonly format: ExportFormat;
  readonly onlyRoot: boolean;
}

/** The default place below the output root: name, else filename hint, else id (B8). */
function defaultPath(record: Pick<ArtifactRecord, 'artifact_id' | 'name' | 'filename_hint'>): SafePath {
  return toSafePath(record.name ?? record.filename_hint ?? record.artifact_id);
}

async function placed(disk: Disk, place: ExportPlace, context: PlaceContext): Promise<Placed> {
  if (place.kind === 'stdout') return { destination: undefined, bounded: false, target: '-' };
  const { path: outputRoot, inWorkspace, followed, refused: noRoot } = context.outputRoot;
  const typed =
    place.kind === 'path'
      ? checkedPath(place.path)
      : join(
          place.kind === 'into' ? place.directory : outputRoot,
          `${defaultPath(context.record)}${SUFFIX[context.format] ?? ''}`,
        );
  const dotted =
    place.kind !== 'path' && hasDotName(defaultPath(context.record))
      ? `the name '${escapeText(defaultPath(context.record))}' begins with a dot, or one of its components does`
      : undefined;
  const refused = (place.kind === 'default' ? noRoot : undefined) ?? dotted;
  const below = await pathBelow(disk, outputRoot, typed);
  const facts = { bounded: below !== undefined && noRoot === undefined, ...compact({ refused }) };
  if (below !== undefined && (context.onlyRoot || place.kind === 'default')) {
    const destination: Destination =
      inWorkspace === undefined || followed
        ? { root: outputRoot, path: toSafePath(below), makeRoot: true }
        : { root: context.workspace, path: toSafePath(join(inWorkspace, below)) };
    return { destination, target: await targetOf(disk, destination), ...facts };
  }
  const destination: Destination =
    place.kind === 'into'
      ? { root: place.directory, path: toSafePath(relative(place.directory, typed)), makeRoot: true }
      : { root: dirname(typed), path: toSafePath(basename(typed)) };
  return { destination, target: await targetOf(disk, destination), ...facts };
}

function checkedPath(path: string): string {
  if (basename(path) === '') {
    throw new HsError(
      'UNSAFE_PATH',
      `destination '${escapeText(path)}' is refused: it is the root directory`,
    );
  }
  return path;
}

/** The path relative to the output root, by name or with links resolved; undefined outside. */
async function pathBelow(disk: Disk, root: string, path: string): Promise<string | undefined> {
  for (const from of [root, await realOf(disk, root)]) {
    const below = relativeBelow(from, path);
    if (below !== undefined) return below;
  }
  return undefined;
}

function relativeBelow(from: string, path: string): string | undefined {
  return within(from, path) || undefined;
}

/** The real path: links of the root are followed; a root still to be created has none. */
async function targetOf(disk: Disk, { root, path }: Destination): Promise<string> {
  const real = await realOf(disk, root);
  return join(real === root ? join(await realOf(disk, dirname(root)), basename(root)) : real, path);
}

async function realOf(disk: Disk, path: string): Promise<string> {
  try {
    return await disk.realpath(path);
  } catch (e) {
    if (!isErrno(e)) throw e;
    return path;
  }
}
