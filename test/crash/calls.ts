import { type Known, verdict } from './verdict.js';
import { plant, type Work, work } from './worker.js';

/** What runs as a process of its own: `node -e CODE NAME JSON`. */
export async function called(name: string, json: string): Promise<void> {
  const argument: unknown = JSON.parse(json);
  if (name === 'plant') await plant(argument as string);
  else if (name === 'work') await work(argument as Work);
  else {
    const { dir, known } = argument as { dir: string; known: Known };
    process.stdout.write(JSON.stringify(await verdict(dir, known)));
  }
}
