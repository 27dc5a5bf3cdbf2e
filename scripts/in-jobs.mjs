import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/**
 * Does one task after another, as `next` says, until it says undefined; with more than one job in so many processes of
 * the script that calls this. `take` gets what `work` comes to, in the order in which tasks end.
 */
export async function inJobs(jobs, next, work, take) {
  if (process.send !== undefined) return serve(work);
  if (jobs > 1) return Promise.all(Array.from({ length: jobs }, () => runChild(next, take)));
  for (let task = next(); task !== undefined; task = next()) await take(await work(task));
}

async function runChild(next, take) {
  const first = next();
  if (first === undefined) return;
  const child = fork(process.argv[1], process.argv.slice(2));
  const ended = once(child, 'exit');
  child.on('message', async (result) => {
    await take(result);
    const task = next();
    if (task === undefined) child.disconnect();
    else child.send(task);
  });
  child.send(first);
  const [code] = await ended;
  if (code !== 0) throw new Error(`a process ended with ${code}`);
}

/** While a task is done nothing else keeps the process: one that waits for what never happens comes to its end. */
async function serve(work) {
  const { exitCode } = process;
  process.on('message', async (task) => {
    process.exitCode = exitCode;
    process.channel.unref();
    const result = await work(task);
    process.channel.ref();
    process.exitCode = 0;
    process.send(result);
  });
  await once(process, 'disconnect');
}

/** The results in a log that an earlier call has left, and how to add one. */
export function openLog(file) {
  const lines = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return {
    earlier: lines.filter((line) => line !== '').map((line) => JSON.parse(line)),
    add: (result) => file !== undefined && appendFileSync(file, `${JSON.stringify(result)}\n`),
  };
}
