import { isErrno } from '../../src/errors/hs-error.js';
import { errnoError } from '../../src/fsx/errno.js';
import type { DiskOperation } from '../../src/fsx/surround-disk.js';
import { Kernel, type Lack } from './kernel.js';
import { type DirNode, keyName, Refusal, type SimNode } from './nodes.js';
import { Plant } from './plant.js';
import { treeAfterPowerCut } from './power-cut.js';
import { SimProcess } from './process.js';
import { resolveNode, type Task } from './resolve.js';
import { Rng } from './rng.js';
import { Scheduler, type Turn } from './scheduler.js';

export interface SimOptions {
  /** Decides the order of turns and what a power cut leaves. Default 1. */
  readonly seed?: number;
  /** Let the seed choose whose operation is next, instead of doing each at once. Default false. */
  readonly interleave?: boolean;
  /** Room for content, in bytes, and for inodes; a full disk fails with ENOSPC. Default: no end. */
  readonly bytes?: number;
  readonly inodes?: number;
  /** What this filesystem cannot do. */
  readonly lacks?: readonly Lack[];
  /** The owner of the root directory and of what is planted, and the user of processes. Default 1000. */
  readonly uid?: number;
  /** Milliseconds since the epoch, for file times. */
  readonly now?: () => number;
  /** Whether operations are noted in `trace`. Default true. */
  readonly isTraced?: boolean;
}

/** One operation of one process, numbered from 1 over the whole disk. */
export interface SimOperation {
  readonly n: number;
  readonly process: string;
  readonly operation: DiskOperation;
  readonly path: string;
}

export interface TracedOperation extends SimOperation {
  /** `done`, `killed`, or the errno code it failed with. */
  readonly outcome: string;
}

/**
 * What is to happen instead of an operation: an errno code, a read or write of a part, so many turns in which its process
 * gets none, the death of its process, or a power cut.
 */
export type Injection =
  | { readonly fail: string }
  | { readonly pause: number }
  | 'short'
  | 'kill'
  | 'crash'
  | undefined;

const TRACE_LENGTH = 10_000;
const ROOT: Task = { uid: 0, dirs: new Map() };

/**
 * A disk in memory that knows what was synced. Processes on it can be killed, its power can be cut,
 * operations can be made to fail, and a seed chooses the interleaving and what an unsynced write leaves:
 * the same seed and the same programs give the same run.
 */
export class SimDisk {
  /** Puts links, FIFOs, damage and other people's files on the disk. */
  readonly plant: Plant;
  /** The last operations, oldest first. */
  readonly trace: TracedOperation[] = [];
  readonly #options: SimOptions;
  readonly #kernel: Kernel;
  readonly #scheduler: Scheduler;
  readonly #luck: Rng;
  readonly #processes = new Set<SimProcess>();
  readonly #injectors = new Set<(operation: SimOperation) => Injection>();
  #operations = 0;

  constructor(options: SimOptions = {}) {
    const { seed = 1, uid = 1000, interleave = false } = options;
    this.#options = options;
    const limits = {
      bytes: options.bytes ?? Number.POSITIVE_INFINITY,
      inodes: options.inodes ?? Number.POSITIVE_INFINITY,
      lacks: new Set(options.lacks),
    };
    this.#kernel = new Kernel(limits, options.now ?? (() => 1_767_225_600_000), uid);
    this.#luck = new Rng(seed ^ 0x5eed);
    this.#scheduler = new Scheduler(new Rng(seed), interleave, (turn) => this.#perform(turn));
    this.plant = new Plant(this.#kernel, uid);
  }

  /** How many operations were begun. */
  get operations(): number {
    return this.#operations;
  }

  /** A new process: a disk with descriptors and locks of its own. */
  process(name: string, options: { readonly uid?: number } = {}): SimProcess {
    const process = new SimProcess(
      name,
      options.uid ?? this.#options.uid ?? 1000,
      this.#kernel,
      this.#scheduler,
    );
    this.#processes.add(process);
    return process;
  }

  /** SIGKILL: what the process wrote stays, its locks and descriptors are freed, it never goes on. */
  kill(process: SimProcess): void {
    process.kill();
    this.#processes.delete(process);
  }

  /** A power cut: every process is gone, and of what was not synced the seed decides what is left. */
  crash(): void {
    for (const process of this.#processes) this.kill(process);
    this.#kernel.cutPower(this.#luck);
  }

  /** Another disk, as this one would be after a power cut now; this one goes on. Of one at rest, it is a copy. */
  afterCrash(seed: number, options: Omit<SimOptions, 'seed'> = {}): SimDisk {
    const copy = new SimDisk({ ...this.#options, ...options, seed });
    copy.#kernel.adopt(
      treeAfterPowerCut(this.#kernel.root, this.#kernel.journal, new Rng(seed)),
      this.#kernel,
    );
    return copy;
  }

  /** Changes what the room on the disk is, such as full from now on. */
  resize(room: { readonly bytes?: number; readonly inodes?: number }): void {
    this.#kernel.limits = { ...this.#kernel.limits, ...room };
  }

  /** Ends the interleaving, for what is done by one process after another. */
  calm(): void {
    this.#scheduler.calm();
  }

  /** Makes everything durable, as time does. */
  settle(): void {
    this.#kernel.syncAll();
  }

  /** Asks `injector` before every operation; returns a function that ends it. */
  inject(injector: (operation: SimOperation) => Injection): () => void {
    this.#injectors.add(injector);
    return () => this.#injectors.delete(injector);
  }

  /** The n-th operation from now, counted from 1, fails with `code`. */
  failAt(n: number, code: string): void {
    this.#injectOnce(n, { fail: code });
  }

  /** The process that begins the n-th operation from now dies of it. */
  killAt(n: number): void {
    this.#injectOnce(n, 'kill');
  }

  /** The power is cut at the n-th operation from now. */
  crashAt(n: number): void {
    this.#injectOnce(n, 'crash');
  }

  /** Whether something is there; a link counts as itself. */
  exists(path: string): boolean {
    try {
      return resolveNode(this.#kernel.root, ROOT, path, false) !== undefined;
    } catch (e) {
      if (e instanceof Refusal) return false;
      throw e;
    }
  }

  /** The content of a file, past every permission; ENOENT or EINVAL where there is none. */
  read(path: string): Uint8Array {
    const node = this.#look(path);
    if (node.kind !== 'file') throw errnoError('EINVAL', 'read', path);
    return node.content.slice();
  }

  text(path: string): string {
    return new TextDecoder('utf-8', { fatal: true }).decode(this.read(path));
  }

  /** Every path below, sorted: directories with a `/` at the end, links as `path -> target`. */
  tree(path = '/'): string[] {
    const found: string[] = [];
    const visit = (dir: DirNode, at: string): void => {
      for (const [key, node] of dir.entries) {
        const name = `${at}${keyName(key) ?? '?'}`;
        if (node.kind === 'directory') {
          found.push(`${name}/`);
          visit(node, `${name}/`);
        } else found.push(node.kind === 'symlink' ? `${name} -> ${node.target}` : name);
      }
    };
    const node = this.#look(path);
    if (node.kind !== 'directory') throw errnoError('ENOTDIR', 'tree', path);
    visit(node, path.endsWith('/') ? path : `${path}/`);
    return found.sort();
  }

  #look(path: string): SimNode {
    try {
      return resolveNode(this.#kernel.root, ROOT, path, true);
    } catch (e) {
      throw e instanceof Refusal ? errnoError(e.code, 'read', path) : e;
    }
  }

  #injectOnce(n: number, injection: Injection): void {
    const target = this.#operations + n;
    this.inject((operation) => (operation.n === target ? injection : undefined));
  }

  #perform(turn: Turn): void {
    const process = turn.process as SimProcess;
    const { operation, path } = turn;
    this.#operations += 1;
    const event = { n: this.#operations, process: process.name, operation, path };
    let injection: Injection;
    for (const injector of this.#injectors) injection ??= injector(event);
    if (injection === 'kill' || injection === 'crash') {
      this.#note(event, 'killed');
      turn.mishaps.torn?.(this.#luck);
      if (injection === 'kill') this.kill(process);
      else this.crash();
      return;
    }
    try {
      if (injection !== undefined && injection !== 'short') {
        if ('pause' in injection) {
          this.#note(event, 'paused');
          this.#scheduler.pause(process, injection.pause);
          this.#scheduler.submit(turn);
          return;
        }
        turn.mishaps.failed?.(this.#luck);
        throw new Refusal(injection.fail);
      }
      const part = injection === 'short' ? turn.mishaps.short?.(this.#luck) : undefined;
      if (part !== undefined && 'rest' in part) {
        this.#note(event, 'short');
        const { act, ...mishaps } = part.rest;
        this.#scheduler.submit({ ...turn, act, mishaps: { ...turn.mishaps, ...mishaps } });
        return;
      }
      const value = part === undefined ? turn.act() : part.value;
      this.#note(event, 'done');
      turn.resolve(value);
    } catch (e) {
      const error = e instanceof Refusal ? errnoError(e.code, operation, path) : e;
      this.#note(event, isErrno(error) ? (error.code ?? '?') : 'threw');
      turn.reject(error);
    }
  }

  #note(event: SimOperation, outcome: string): void {
    if (this.#options.isTraced === false) return;
    this.trace.push(Object.assign(event, { outcome }));
    if (this.trace.length > 2 * TRACE_LENGTH) this.trace.splice(0, TRACE_LENGTH);
  }
}
