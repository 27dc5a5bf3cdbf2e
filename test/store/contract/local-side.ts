import { expect } from 'vitest';
import { sha256 } from '../../../src/core/objects/hash.js';
import { bytesOf, type Promised } from './subject.js';

export const LOCAL_SIDE: readonly Promised[] = [
  [
    'remembers that the store was accepted, and with which output root',
    async ({ backend, other }) => {
      await backend.local.trust.accept('/elsewhere');
      expect([await other.local.trust.isKnown(), await other.local.trust.isAccepted()]).toEqual([true, true]);
      expect(await other.local.trust.acceptedOutputRoot()).toBe('/elsewhere');
    },
  ],
  [
    'remembers the position of the ledger that was seen',
    async ({ backend, other }) => {
      const head = { seq: 7, hash: sha256(bytesOf('head')) };
      expect([await backend.local.anchor.isWritable(), await backend.local.anchor.write(head)]).toEqual([
        true,
        true,
      ]);
      expect(await other.local.anchor.look()).toEqual(head);
    },
  ],
];
