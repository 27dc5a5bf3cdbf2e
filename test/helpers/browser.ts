import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { makeTempDirectory, type TempDirectory } from './tmp.js';

/** What starts the browser; undefined where there is none. */
export const BROWSER = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) =>
    spawnSync(name, ['--version'], { env: { PATH: process.env.PATH, HOME: '/nonexistent' } }).status === 0,
);

// biome-ignore lint/suspicious/noExplicitAny: messages of the protocol have every shape
type Message = any;

/** What became of a page in a browser. */
export interface Visit {
  /** Messages of the console, exceptions and dialogs: a page that is only read has none. */
  readonly complaints: string[];
  /** Every address that was asked for, but the page itself. */
  readonly requests: string[];
  /** Evaluates an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Of the page as it is shown now: how many pixels it is wider than the window. */
  overflow(): Promise<number>;
  resize(width: number, height: number): Promise<void>;
  media(type: 'screen' | 'print', scheme?: 'light' | 'dark'): Promise<void>;
  /** PNG and PDF as bytes. */
  screenshot(): Promise<Buffer>;
  pdf(): Promise<Buffer>;
}

/** A headless browser that is spoken to through a pipe: no port, no network. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #home: TempDirectory;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #next = 0;

  private constructor(child: ChildProcess, home: TempDirectory) {
    this.#child = child;
    this.#home = home;
    let rest = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop()!;
      for (const part of parts) this.#hear(JSON.parse(part));
    });
  }

  static async start(): Promise<Browser> {
    const home = await makeTempDirectory();
    const child = spawn(
      BROWSER!,
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--no-first-run',
        '--disable-background-networking',
        '--hide-scrollbars',
        `--user-data-dir=${home.path}/profile`,
        '--remote-debugging-pipe',
      ],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, HOME: home.path },
      },
    );
    return new Browser(child, home);
  }

  #hear(message: Message): void {
    if (message.id === undefined) for (const listener of this.#listeners) listener(message);
    else {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    }
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Message> {
    const id = ++this.#next;
    const message = { id, method, params, ...(sessionId === undefined ? {} : { sessionId }) };
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`)),
      );
    });
  }

  /** Opens a file, waits until it is loaded, and writes down what it does. */
  async visit(file: string, { width = 1200, height = 900 } = {}): Promise<Visit> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const send = (method: string, params: object = {}) => this.send(method, params, sessionId);
    const complaints: string[] = [];
    const requests: string[] = [];
    const url = `file://${file}`;
    const loaded = new Promise<void>((resolve) => {
      this.#listeners.add((message) => {
        if (message.sessionId !== sessionId) return;
        const { method, params } = message;
        if (method === 'Page.loadEventFired') resolve();
        if (method === 'Log.entryAdded') complaints.push(params.entry.text);
        if (method === 'Runtime.consoleAPICalled') complaints.push(`console.${params.type}`);
        if (method === 'Runtime.exceptionThrown') complaints.push(params.exceptionDetails.text);
        if (method === 'Page.javascriptDialogOpening') {
          complaints.push(`dialog: ${params.message}`);
          send('Page.handleJavaScriptDialog', { accept: true }).catch(() => undefined);
        }
        if (method === 'Network.requestWillBeSent' && params.request.url !== url)
          requests.push(params.request.url);
      });
    });
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await send(`${domain}.enable`);
    const resize = (w: number, h: number) =>
      send('Emulation.setDeviceMetricsOverride', {
        width: w,
        height: h,
        deviceScaleFactor: 1,
        mobile: false,
      });
    await resize(width, height);
    await send('Page.navigate', { url });
    await loaded;
    const evaluate = async <T>(expression: string): Promise<T> =>
      (await send('Runtime.evaluate', { expression, returnByValue: true })).result.value;
    return {
      complaints,
      requests,
      evaluate,
      overflow: () => evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
      resize,
      media: (type, scheme = 'light') =>
        send('Emulation.setEmulatedMedia', {
          media: type,
          features: [{ name: 'prefers-color-scheme', value: scheme }],
        }),
      screenshot: async () =>
        Buffer.from(
          (await send('Page.captureScreenshot', { captureBeyondViewport: true })).data as string,
          'base64',
        ),
      pdf: async () =>
        Buffer.from((await send('Page.printToPDF', { printBackground: true })).data as string, 'base64'),
    };
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    // It ends its own processes, which would write to its profile while that is removed.
    this.send('Browser.close').catch(() => undefined);
    await gone;
    await this.#home.remove();
  }
}
