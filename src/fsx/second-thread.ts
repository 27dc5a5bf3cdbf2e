/** More only take turns. */
const MOST_THREADS = 2;
/** A thread needs 8 MiB. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 1 };
let threads = 0;

/** The script of a thread that does what is in a function, whose text must use nothing from around it. */
export function scriptOf(work: (shared: never) => void): string {
  // Bundlers may make functions keep their names by a function that the thread lacks.
  return `const __name = (f) => f; (${work})(require('node:worker_threads').workerData);`;
}

/** Whether another thread would pay. */
export function isThreadFree(): boolean {
  return threads < MOST_THREADS && process.getBuiltinModule('node:os').availableParallelism() > 1;
}

/**
 * Starts a script with what both threads see; nobody waits for its end. Returns what says that it is needed no more. One
 * that cannot be started, or dies, does nothing.
 */
export function startThread(script: string, workerData: unknown): () => void {
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(script, {
    eval: true,
    workerData,
    execArgv: [],
    env: {},
    stdin: false,
    resourceLimits: LIMITS,
    trackUnmanagedFds: false,
  });
  threads++;
  worker.unref();
  worker.on('error', () => undefined);
  return () => {
    threads--;
  };
}

/** Numbers that both threads see. */
export const sharedInt32 = (length: number) => new Int32Array(new SharedArrayBuffer(4 * length));
