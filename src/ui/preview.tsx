import type { Readable } from 'node:stream';
import type { ReadStream } from 'node:tty';
import { render } from 'ink';
import type { OutputStream } from '../cli/io/output-stream.js';
import { HsError } from '../errors/hs-error.js';
import { plural } from './cell-text.js';
import type { Key } from './key-bindings.js';
import type { Slots } from './line-placeholders.js';
import { App } from './preview-app.js';
import type { ApplyOutcome, ApplyProgress, PreviewModel } from './preview-data.js';
import type { Effect, Failure, PreviewEvent, PreviewState } from './preview-state.js';
import { sparedIds } from './removal-totals.js';
import type { Screen } from './screen-lines.js';
import { update } from './update-state.js';

export interface PreviewTerminal {
  readonly stdin: Readable;
  readonly stdout: OutputStream & { readonly rows?: number };
  readonly colour: boolean;
  readonly unicode: boolean;
  /** Aborted when the process is asked to end; its reason is what the preview then rejects with. */
  readonly signal: AbortSignal;
}

/** More than the system takes to stop a job. */
const STOPPING_MS = 100;
const UNTOUCHED = 'interrupted: nothing was removed';
const LEFT_RUNNING = 'interrupted while removing: see hs report for what was done';

function failureOf(e: unknown): Failure {
  if (e instanceof HsError) return { message: e.message, hint: e.hint };
  return { message: e instanceof Error ? e.message : String(e) };
}

/** Runs the preview: turns effects into calls of the model, and its answers into events. */
export class Preview {
  readonly #model: PreviewModel;
  readonly #terminal: PreviewTerminal;
  readonly #screen: Screen;
  readonly #slots: Slots;
  readonly #stop = new AbortController();
  #state: PreviewState;
  #error: unknown;
  #frame: NodeJS.Timeout | undefined;
  #stopped: NodeJS.Timeout | undefined;
  #show: () => void = () => {};
  #resolve!: (outcome: ApplyOutcome | undefined) => void;
  #reject!: (error: unknown) => void;
  readonly #result: Promise<ApplyOutcome | undefined>;

  constructor(
    model: PreviewModel,
    terminal: PreviewTerminal,
    screen: Screen,
    slots: Slots,
    state: PreviewState,
  ) {
    this.#slots = slots;
    this.#model = model;
    this.#terminal = terminal;
    this.#screen = screen;
    this.#state = state;
    this.#result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  async run(): Promise<ApplyOutcome | undefined> {
    const { stdin, stdout, unicode, signal } = this.#terminal;
    const app = () => (
      <App state={this.#state} unicode={unicode} slots={this.#slots} onKeys={(keys) => this.#keys(keys)} />
    );
    const ink = render(app(), {
      stdin: stdin as unknown as NodeJS.ReadStream,
      stdout: this.#screen as unknown as NodeJS.WriteStream,
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
    });
    this.#show = () => ink.rerender(app());
    ink.waitUntilExit().then(() => this.#resolve(undefined), this.#reject);
    const resized = () => this.#resized();
    const ended = () => this.#ended();
    stdout.on('resize', resized);
    signal.addEventListener('abort', ended);
    try {
      return await this.#result;
    } finally {
      stdout.off('resize', resized);
      signal.removeEventListener('abort', ended);
      clearTimeout(this.#frame);
      clearTimeout(this.#stopped);
      this.#show = () => {};
      ink.unmount();
      stdin.pause();
    }
  }

  #resized(): void {
    const { columns = 80, rows = 24 } = this.#terminal.stdout;
    this.#screen.resize(columns, rows);
    this.#dispatch({ type: 'resize', columns, rows });
  }

  /** While something is being removed, the end waits for it to come to rest. */
  #ended(): void {
    this.#stop.abort(this.#terminal.signal.reason);
    if (this.#state.mode.at !== 'applying') this.#reject(this.#terminal.signal.reason);
  }

  #keys(keys: readonly Key[]): void {
    if (this.#stopped !== undefined) return;
    for (const key of keys) {
      // What was typed after it was meant for the shell.
      if (key === 'ctrl-z') {
        this.#suspend();
        return;
      }
      const asked = this.#asks();
      this.#advance({ type: 'key', key });
      // Keys that were pressed before the question could be seen do not answer it.
      if (!asked && this.#asks()) break;
    }
    this.#show();
  }

  /**
   * Ctrl-Z, which is no signal while the keys are read one by one: the terminal goes back to the shell, and
   * the whole job stops, as it would have. The timer runs out when the job goes on, or, where nobody could
   * make it go on, so that the system does not stop it, at once.
   */
  #suspend(): void {
    const stdin = this.#terminal.stdin as Partial<ReadStream>;
    this.#screen.leave();
    stdin.setRawMode?.(false);
    this.#stopped = setTimeout(() => {
      this.#stopped = undefined;
      // First: in the background it stops the job again, before anything is drawn over the shell.
      stdin.setRawMode?.(true);
      this.#screen.enter();
      this.#resized();
    }, STOPPING_MS);
    process.kill(0, 'SIGTSTP');
  }

  #asks(): boolean {
    return this.#state.mode.at === 'confirm';
  }

  #advance(event: PreviewEvent): void {
    const { state, effect } = update(this.#state, event);
    this.#state = state;
    if (effect !== undefined) this.#perform(effect);
  }

  #dispatch(event: PreviewEvent): void {
    this.#advance(event);
    this.#show();
  }

  /** Progress comes for every object; the eye follows twenty frames a second. */
  #progressed(progress: ApplyProgress): void {
    this.#advance({ type: 'progress', progress });
    this.#frame ??= setTimeout(() => {
      this.#frame = undefined;
      this.#show();
    }, 50);
  }

  #perform(effect: Effect): void {
    const { mode } = this.#state;
    switch (effect.type) {
      case 'quit':
        if (mode.at === 'failed') this.#reject(this.#error);
        else this.#resolve(mode.at === 'done' ? mode.outcome : undefined);
        return;
      case 'interrupt':
        if (mode.at === 'done') this.#resolve(mode.outcome);
        else if (mode.at === 'failed') this.#reject(this.#error);
        else this.#reject(new HsError('INTERRUPTED', mode.at === 'applying' ? LEFT_RUNNING : UNTOUCHED));
        return;
      case 'stop':
        this.#stop.abort(new HsError('INTERRUPTED', 'interrupted'));
        return;
      case 'repaint':
        this.#screen.repaint();
        return;
      case 'detail':
        this.#ask(this.#model.detail(effect.id).then((detail) => ({ type: 'detailed', detail })));
        return;
      case 'pin': {
        const { ids, name, reason } = effect;
        const after = `pinned ${plural(ids.length, 'artifact')}`;
        this.#ask(this.#model.pin(ids, name, reason).then((plan) => ({ type: 'planned', plan, after })));
        return;
      }
      case 'unpin': {
        const { ids, name } = effect;
        const after = `unpinned ${plural(ids.length, 'artifact')}`;
        this.#ask(this.#model.unpin(ids, name).then((plan) => ({ type: 'planned', plan, after })));
        return;
      }
      case 'reload':
        this.#ask(
          Promise.all([this.#model.plan(), this.#model.emptying?.()]).then(([plan, emptying]) => ({
            type: 'planned',
            plan,
            emptying,
            after: 'reloaded',
          })),
        );
        return;
      case 'apply':
        void this.#apply();
    }
  }

  /** What is refused leaves the preview as it was, with the reason. */
  #ask(answer: Promise<PreviewEvent>): void {
    answer.then(
      (event) => this.#dispatch(event),
      (e) => this.#dispatch({ type: 'refused', failure: failureOf(e) }),
    );
  }

  async #apply(): Promise<void> {
    const { table } = this.#state.selection;
    const request = { plan: table.plan, spared: sparedIds(table, this.#state.spared) };
    try {
      const outcome = await this.#model.apply(
        request,
        (progress) => this.#progressed(progress),
        this.#stop.signal,
      );
      this.#dispatch({ type: 'applied', outcome });
      if (this.#terminal.signal.aborted) this.#resolve(outcome);
    } catch (e) {
      this.#error = e;
      if (this.#stop.signal.aborted) this.#reject(e);
      else this.#dispatch({ type: 'failed', failure: failureOf(e) });
    }
  }
}
