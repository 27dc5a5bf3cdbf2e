import { join } from 'node:path';
import fs from 'fs-extra';

const ROOT = join(import.meta.dirname, '../..');

/** What stays of a checkout that has never been built: all but what git ignores. */
const IGNORED = /^(dist|node_modules|\.git|\.dist-.*|demo-run|.*\.tgz)$/;

/** This project as a checkout that was never built, in the new directory `clone`, with the packages of this one. */
export async function checkout(clone: string): Promise<void> {
  for (const name of await fs.readdir(ROOT)) {
    if (!IGNORED.test(name)) await fs.copy(join(ROOT, name), join(clone, name));
  }
  await fs.ensureSymlink(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
}
