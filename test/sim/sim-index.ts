import { errnoError } from '../../src/fsx/errno.js';
import type { IndexPort } from '../../src/fsx/sync-read-file.js';
import type { Kernel } from './kernel.js';
import { Refusal } from './nodes.js';
import { permit, type Task } from './resolve.js';

/** What `nodeIndex` is on the real disk. */
export function simIndex(kernel: Kernel, task: Task): IndexPort {
  return {
    open(root, path) {
      try {
        const node = kernel.node(task, `${root}/${path}`, false);
        if (node.kind !== 'file') throw new Refusal(node.kind === 'symlink' ? 'ELOOP' : 'EINVAL');
        permit(node, task, 4);
        return {
          size: node.content.length,
          read: (offset, length) => {
            const bytes = Buffer.from(node.content.subarray(offset, offset + length));
            if (bytes.length < length) throw errnoError('EIO', 'read', path);
            return bytes;
          },
          close: () => undefined,
        };
      } catch (e) {
        throw e instanceof Refusal ? errnoError(e.code, 'open', path) : e;
      }
    },
  };
}
