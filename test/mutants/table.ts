import type { Mutant } from './mutant.js';

const COMMIT_CUT = {
  file: 'test/store/crash.test.ts',
  test: 'that was acknowledged survives a power cut right after',
};
const COMMIT_CRASH = {
  file: 'test/store/crash.test.ts',
  test: 'is complete or absent after a power failure at any operation',
};
const LEDGER_CUT = {
  file: 'test/store/ledger.test.ts',
  test: 'keeps every entry that it acknowledged through a power cut, the first of a directory, too',
};
const CHAOS = {
  file: 'test/ops/gc/chaos.test.ts',
  test: 'four writers and a collector, killed at random, lose nothing',
};
const SEALED_AFTER = {
  file: 'test/ops/gc/protocol.test.ts',
  test: 'seals a batch with the leases that exist after the last object was moved',
};
const MARKED_LAST = {
  file: 'test/ops/gc/protocol.test.ts',
  test: 'purges by what is in use once the last awaited command has ended',
};
const REPACKED = {
  file: 'test/ops/gc/protocol.test.ts',
  test: 'that repacks removes no pack before the rest has a durable name',
};
const NEW_LEASE = {
  file: 'test/ops/gc/protocol.test.ts',
  test: 'that a judge removes before it is locked is replaced by another',
};
const DURABLE_MARK = {
  file: 'test/ops/gc/durable-mark.test.ts',
  test: 'frees nothing if it cannot be made durable',
};
const LAST_RECORDS = {
  file: 'test/ops/gc/undo.test.ts',
  test: 'unlinks last the records that restrict other bytes, and keeps the index of their hashes',
};
const EXPORT_KILLED = {
  file: 'test/ops/export/interrupted.test.ts',
  test: 'is old or new and on record after',
};
const EXPORT_CUT = { file: 'test/ops/materialize/interrupted.test.ts', test: 'old or new after' };
const GUARD_TREE = { file: 'test/core/guard.test.ts', test: 'blocks every tree with a blocked member' };
const S3_SIMULATION = {
  file: 'test/s3/simulation.test.ts',
  test: 'machines that share stores over a bad network, paused and killed at any request, lose nothing',
};
const FUZZ = {
  file: 'test/fuzz/fuzz.test.ts',
  test: 'takes what it is made for, and refuses the rest with an error of a type',
};

/** Every deliberate fault, and the test that catches it: `npm run mutants [NAME…]`. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'object-not-synced',
    fault: 'an object is published before its bytes are durable',
    file: 'store/local/objects/sync-staged.ts',
    edits: [{ from: 'await file.sync();', to: '' }],
    caughtBy: COMMIT_CUT,
    seeds: 50,
  },
  {
    name: 'object-directory-not-synced',
    fault: 'an object is acknowledged before its name is durable',
    file: 'store/local/objects/batch-files.ts',
    edits: [{ from: 'await parallel(dirs, (dir) => this.#disk.syncDir(dir));', to: '' }],
    caughtBy: COMMIT_CUT,
    seeds: 50,
  },
  {
    name: 'found-object-directory-not-synced',
    fault: 'the directory of an object that another command placed is taken for durable',
    file: 'store/local/objects/batch-files.ts',
    edits: [{ from: 'durable: durable && !found.moved', to: 'durable: true' }],
    caughtBy: {
      file: 'test/store/object-batch.test.ts',
      test: 'makes the directory of every member durable, of one that was found there too',
    },
  },
  {
    name: 'found-object-not-looked-at-again',
    fault: 'an object that was found is not looked for again when the commit is published',
    file: 'store/local/objects/batch-files.ts',
    edits: [{ from: 'await this.#lookAgain();', to: '' }],
    caughtBy: {
      file: 'test/store/object-batch.test.ts',
      test: 'restores referenced objects from the trash, even if they are swept meanwhile',
    },
  },
  {
    name: 'damaged-object-believed',
    fault: 'bytes are dropped because an object of their name is there, without reading it',
    file: 'store/local/objects/batch-files.ts',
    edits: [
      {
        from: "if (found === 'unread' && !(await this.#presence.readsBack(id, bytes))) {",
        to: 'if (false) {',
      },
    ],
    caughtBy: {
      file: 'test/store/object-batch.test.ts',
      test: 'writes over a damaged object for which it has the bytes',
    },
  },
  {
    name: 'size-of-reference-not-checked',
    fault: 'a commit names an object that has another size than its manifest says',
    file: 'store/local/objects/batch-files.ts',
    edits: [{ from: 'if (size !== undefined && found.size !== size) throw corrupt(id);', to: '' }],
    caughtBy: {
      file: 'test/store/object-batch.test.ts',
      test: 'writes over a damaged object for which it has the bytes',
    },
  },
  {
    name: 'pack-not-synced',
    fault: 'a pack is published before its bytes are durable',
    file: 'store/local/objects/pack-writer.ts',
    edits: [{ from: 'await this.#file!.sync();', to: '' }],
    caughtBy: COMMIT_CUT,
    seeds: 50,
  },
  {
    name: 'entry-not-synced',
    fault: 'an entry is published before its bytes are durable',
    file: 'store/local/ledger-files.ts',
    edits: [{ from: '{ mode: 0o444, sync: true }', to: '{ mode: 0o444, sync: false }' }],
    caughtBy: COMMIT_CRASH,
    seeds: 50,
  },
  {
    name: 'entry-name-not-synced',
    fault: 'an entry is acknowledged before its name is durable',
    file: 'store/local/ledger-files.ts',
    edits: [{ from: 'await this.#disk.syncDir(dir);', to: '' }],
    caughtBy: LEDGER_CUT,
    seeds: 50,
  },
  {
    name: 'ledger-directory-not-synced',
    fault: 'the name of a new ledger directory is not made durable',
    file: 'store/local/ledger-files.ts',
    edits: [{ from: 'await this.#disk.syncDir(this.#layout.ledger);', to: '' }],
    caughtBy: LEDGER_CUT,
  },
  {
    name: 'entry-renamed-over',
    fault: 'an entry replaces the one that another writer put at its number',
    file: 'store/local/ledger-files.ts',
    edits: [{ from: 'await this.#disk.link(staged,', to: 'await this.#disk.rename(staged,' }],
    caughtBy: {
      file: 'test/store/ledger.test.ts',
      test: 'gives a number to one writer only, and leaves nothing of the other',
    },
    seeds: 50,
  },
  {
    name: 'hole-not-seen',
    fault: 'a ledger that lacks one of its newest entries is written to',
    file: 'store/local/ledger-files.ts',
    edits: [
      {
        from: 'if (highest - lowest + 1 !== numbers.length || lowest % ENTRIES_PER_DIR !== 0) {',
        to: 'if (false) {',
      },
    ],
    caughtBy: {
      file: 'test/store/ledger.test.ts',
      test: 'sees a lost entry among the newest before anything is written',
    },
  },
  {
    name: 'chain-not-checked',
    fault: 'an entry that does not follow the one before is folded',
    file: 'store/ledger/ledger.ts',
    edits: [{ from: 'demandFollows(read.entry, prev);', to: '' }],
    caughtBy: {
      file: 'test/store/ledger.test.ts',
      test: 'reads nothing that does not follow, or says another number',
    },
  },
  {
    name: 'anchor-before-durable',
    fault: 'the anchor moves to an entry that a power cut may take back',
    file: 'store/ledger/anchor.ts',
    edits: [{ from: 'await this.#ledger.settle(head.seq);', to: '' }],
    caughtBy: {
      file: 'test/store/anchor.test.ts',
      test: 'is not moved to an entry that a power cut may take back',
    },
  },
  {
    name: 'sweep-without-leases',
    fault: 'a batch is sealed without the leases of commands at work',
    file: 'store/collector/collector.ts',
    edits: [
      {
        from: '(await leases.list()).filter((token) => token !== c.lease.token)',
        to: '[]',
      },
    ],
    caughtBy: CHAOS,
  },
  {
    name: 'sealed-before-sweep',
    fault: 'a batch is sealed with the leases of before the objects were moved',
    file: 'store/collector/collector.ts',
    edits: [
      {
        from: 'const older = await reclaimer.batches();',
        to: 'const older = await reclaimer.batches(); const early = await leases.list();',
      },
      { from: '(await leases.list()).filter(', to: 'early.filter(' },
    ],
    caughtBy: SEALED_AFTER,
  },
  {
    name: 'removed-again-with-the-old-seal',
    fault: 'a re-removed object keeps the old seal',
    file: 'store/collector/trash-unreachable.ts',
    edits: [
      {
        from: 'return !isMadeSince(name, last.at) && outOfUse.get(id) === name;',
        to: 'return false;',
      },
    ],
    caughtBy: {
      file: 'test/ops/gc/protocol.test.ts',
      test: 'keeps it for the trash window of the last removal',
    },
  },
  {
    name: 'removed-meanwhile-purged',
    fault: 'a collection purges what was removed since its first mark',
    file: 'store/collector/collector.ts',
    edits: [{ from: 'reachable.has(id) || removed.has(id);', to: 'reachable.has(id);' }],
    caughtBy: {
      file: 'test/ops/gc/protocol.test.ts',
      test: 'keeps it for the trash window of a removal that comes while it is at work',
    },
  },
  {
    name: 'damaged-file-placed-over-a-good-one',
    fault: 'a collection brings a damaged object back over the good bytes that a put has just stored',
    file: 'store/local/objects/move-object.ts',
    edits: [{ from: 'if (isSound === true) {', to: 'if (isSound !== null) {' }],
    caughtBy: {
      file: 'test/ops/gc/protocol.test.ts',
      test: 'keeps the good bytes that a put stored while it moved damaged ones of that name',
    },
  },
  {
    name: 'only-good-copy-purged',
    fault: 'a pack in the trash is purged with the only good copy of an object that is damaged in use',
    file: 'store/local/trash/erase-batch.ts',
    edits: [
      {
        from: 'await copyIntoUse(parts, trashed, await onlySoundHere(parts, trashed, isInUse), staging);',
        to: '',
      },
    ],
    caughtBy: {
      file: 'test/ops/gc/packs.test.ts',
      test: 'purges no pack with the only good copy of an object in use',
    },
  },
  {
    name: 'spare-copy-dropped-unread',
    fault: 'a spare pack in the trash is dropped though the copies in use are damaged',
    file: 'store/local/trash/rescue-batch.ts',
    edits: [
      {
        from: 'await copyIntoUse(parts, spare, await onlySoundHere(parts, spare, isInUse), staging);',
        to: '',
      },
    ],
    caughtBy: {
      file: 'test/ops/gc/packs.test.ts',
      test: 'drops no spare pack of the trash while the one in use is damaged',
    },
  },
  {
    name: 'damaged-file-restored',
    fault: 'a restore brings a file back into use whose bytes changed in the trash',
    file: 'store/local/objects/object-files.ts',
    edits: [{ from: 'if (!(await isSoundFile(this.#disk, place.path, id))) {', to: 'if (false) {' }],
    caughtBy: {
      file: 'test/ops/gc/undo.test.ts',
      test: 'refuses what is damaged in the trash, which the same bytes put again take the place of',
    },
  },
  {
    name: 'purged-bytes-left-in-pack',
    fault: 'a secret that is purged stays in a large pack of which little else is unused',
    file: 'store/collector/worth-moving.ts',
    edits: [{ from: ' || ids.some(mustGo)', to: '' }],
    caughtBy: {
      file: 'test/ops/gc/unswept.test.ts',
      test: 'are taken out at once when they are to be purged, with the others of their pack',
    },
  },
  {
    name: 'interrupted-purge-not-finished',
    fault: 'a collection that finds nothing new to remove leaves what a purge left in older batches',
    file: 'store/collector/trash-unreachable.ts',
    edits: [{ from: 'if (unused.length === 0 && older.length === 0) {', to: 'if (unused.length === 0) {' }],
    caughtBy: {
      file: 'test/ops/gc/packs.test.ts',
      test: 'before it took apart a pack in the trash',
    },
  },
  {
    name: 'trashed-pack-copied-where-it-could-move',
    fault: 'a purge needs free space for a pack in the trash that goes as a whole',
    file: 'store/local/trash/trasher.ts',
    edits: [{ from: 'if (isWhole &&', to: 'if (false &&' }],
    caughtBy: {
      file: 'test/ops/gc/packs.test.ts',
      test: 'purges a whole pack in the trash without free space',
    },
  },
  {
    name: 'no-second-mark',
    fault: 'a purge goes by the mark of before it waited for the leases',
    file: 'store/collector/collector.ts',
    edits: [
      {
        from: 'const condemned = await condemn(c, ready, before);',
        to: 'const condemned = before;',
      },
      { from: 'const known = await look(c, condemned);', to: 'const known = condemned;' },
    ],
    caughtBy: MARKED_LAST,
  },
  {
    name: 'purge-beside-leases',
    fault: 'a purge does not wait for the commands at work when its batch was sealed',
    file: 'store/collector/await-leases.ts',
    edits: [{ from: 'if (leases.length === 0) ready.push(batch);', to: 'if (true) ready.push(batch);' }],
    caughtBy: CHAOS,
  },
  {
    name: 'purge-ignores-window',
    fault: 'the trash window is not kept',
    file: 'store/collector/purge.ts',
    edits: [
      {
        from: 'return timestampMs(batch.seal.sealed_at) + trashDays * DAY_MS <= nowMs;',
        to: 'return true;',
      },
    ],
    caughtBy: {
      file: 'test/ops/gc/storage-contract.test.ts',
      test: 'frees bytes when the window ends, at once without one, and never shared ones',
    },
  },
  {
    name: 'mark-not-durable',
    fault: 'bytes go for a removal that a power cut may take back',
    file: 'store/collector/mark.ts',
    edits: [{ from: 'await store.ledger.settle(catalog.head.seq);', to: '' }],
    caughtBy: DURABLE_MARK,
  },
  {
    name: 'kept-indexes-not-kept',
    fault: 'the index of a removed restricted directory goes with its bytes',
    file: 'store/collector/mark.ts',
    edits: [{ from: 'for await (const id of keptIndexes(catalog)) into.root(id);', to: '' }],
    caughtBy: LAST_RECORDS,
  },
  {
    name: 'restricting-records-go-first',
    fault: 'a purge that dies leaves restricted bytes without the record that says so',
    file: 'store/local/trash/erase-batch.ts',
    edits: [
      { from: 'if (!isLast(id)) await trash.unlink(batch, id);', to: 'await trash.unlink(batch, id);' },
    ],
    caughtBy: LAST_RECORDS,
  },
  {
    name: 'packs-removed-before-durable',
    fault: 'a pack is removed before the new one has a durable name',
    file: 'store/local/objects/repack.ts',
    edits: [
      {
        from: 'await disk.syncDir(dir);\n    }\n    this.#outputs.clear();',
        to: '}\n    this.#outputs.clear();',
      },
    ],
    caughtBy: REPACKED,
  },
  {
    name: 'unlinked-lease-counts',
    fault: 'a lease that a judge removed before it was locked is held all the same',
    file: 'store/local/leases.ts',
    edits: [{ from: 'if (locked && nlink > 0)', to: 'if (locked)' }],
    caughtBy: NEW_LEASE,
  },
  {
    name: 'staged-files-left',
    fault: 'what a dead command staged stays for ever',
    file: 'ops/recovery/finish-dead-leases.ts',
    edits: [{ from: 'await dead.discardStaged();', to: '' }],
    caughtBy: {
      file: 'test/store/crash.test.ts',
      test: 'cleans up the staging of a killed command in the next writing command',
    },
  },
  {
    name: 'journal-not-finished',
    fault: 'the next writing command does not finish what a dead one began outside',
    file: 'ops/recovery/finish-dead-leases.ts',
    edits: [{ from: 'await finishJournal(session, tx, dead.token, dead.journal);', to: '' }],
    caughtBy: EXPORT_KILLED,
  },
  {
    name: 'journal-not-synced',
    fault: 'an export changes its destination before its journal is durable',
    file: 'store/local/leases.ts',
    edits: [{ from: 'await this.#file.sync();', to: '' }],
    caughtBy: EXPORT_KILLED,
  },
  {
    name: 'export-not-synced',
    fault: 'an exported file is published before its bytes are durable',
    file: 'ops/materialize/stage-file.ts',
    edits: [{ from: 'if (options.sync) await file.sync();', to: '' }],
    caughtBy: EXPORT_CUT,
  },
  {
    name: 'export-hash-not-checked',
    fault: 'damaged bytes are exported',
    file: 'ops/materialize/stage-file.ts',
    edits: [{ from: 'compare(staged.hash, staged.size, expected);', to: '' }],
    caughtBy: {
      file: 'test/ops/materialize/materialize.test.ts',
      test: 'shows nothing of bytes that do not match their hash',
    },
  },
  {
    name: 'export-renamed-over',
    fault: 'an export without --force replaces a file that appeared meanwhile',
    file: 'ops/materialize/publish-file.ts',
    edits: [{ from: 'await parent.link(temporary, name);', to: 'await parent.rename(temporary, name);' }],
    caughtBy: {
      file: 'test/ops/materialize/materialize.test.ts',
      test: 'lets only one of two racing writers win',
    },
  },
  {
    name: 'exchange-not-undone',
    fault: 'a directory that changed while it was replaced is not put back',
    file: 'ops/materialize/publish-tree.ts',
    edits: [{ from: 'if (!unchanged) await parent.exchange(temporary, name);', to: '' }],
    caughtBy: {
      file: 'test/ops/materialize/materialize.test.ts',
      test: 'gives up, and puts everything back, when a file appears in the directory that is replaced',
    },
  },
  {
    name: 'pin-checked-in-planner-only',
    fault: 'a plan is applied although an artifact on it was pinned since',
    file: 'ops/gc/apply-removal.ts',
    edits: [
      {
        from: 'if (built === undefined || (await storage.changedSince(built.fresh.state.head)))',
        to: 'if (built === undefined)',
      },
    ],
    caughtBy: {
      file: 'test/ops/gc/collect.test.ts',
      test: 'plans again if something was pinned between plan and commit',
    },
  },
  {
    name: 'pinned-removed',
    fault: 'the commit takes the removal of a pinned artifact',
    file: 'core/catalog/check-new-operations.ts',
    edits: [{ from: 'if (pins.length > 0) {', to: 'if (false) {' }],
    caughtBy: { file: 'test/core/check-new-operations.test.ts', test: 'pin' },
  },
  {
    name: 'capability-checked-once',
    fault: 'a capability that was taken away meanwhile still serves after a lost race',
    file: 'ops/session/transaction.ts',
    edits: [
      {
        from: 'await this.#authorize(catalog);\n      const draft',
        to: 'const draft',
      },
    ],
    caughtBy: {
      file: 'test/ops/session/transaction.test.ts',
      test: 'asks the capability again at the head to which a lost race leads',
    },
  },
  {
    name: 'pin-capability-checked-once',
    fault: 'a pin that another actor set meanwhile is removed by who may remove only their own',
    file: 'ops/govern/pins.ts',
    edits: [
      { from: 'await session.demand(head, await pinCapability(session, head, name, ids), ids);', to: '' },
    ],
    caughtBy: {
      file: 'test/ops/pins.test.ts',
      test: 'removes none that another type of actor of that name set after it was asked',
    },
  },
  {
    name: 'grant-covers-everything',
    fault: 'a grant of one capability gives all',
    file: 'core/policy/authorize.ts',
    edits: [{ from: 'g.capabilities.some((c) => covers(c, capability))', to: 'true' }],
    caughtBy: { file: 'test/ops/export/export.test.ts', test: 'outside the output root is refused' },
  },
  {
    name: 'guard-passes-high',
    fault: 'high content leaves without consent',
    file: 'core/guard/guard.ts',
    edits: [{ from: "else if (s.classification === 'high' && !consented) block('high');", to: '' }],
    caughtBy: {
      file: 'test/core/guard.test.ts',
      test: 'accepts consent for exactly the content that it names',
    },
  },
  {
    name: 'guard-skips-members',
    fault: 'restricted members leave in a bundle',
    file: 'core/guard/guard.ts',
    edits: [{ from: 'for (const member of s.members ?? []) visit(member, where);', to: '' }],
    caughtBy: GUARD_TREE,
  },
  {
    name: 'index-sum-not-updated',
    fault: 'the sums of the index do not tell of a removed row',
    file: 'core/catalog/table-sums.ts',
    edits: [{ from: 'this.#note(key, value, -1);', to: '' }],
    caughtBy: {
      file: 'test/ops/gc/proven-state.test.ts',
      test: 'is in the index what the chain says, folded entry by entry',
    },
  },
  {
    name: 'pack-hash-not-checked',
    fault: 'a flipped byte of a pack is returned as the object',
    file: 'store/objects/object-store.ts',
    edits: [{ from: 'if (sha256(bytes) !== id) throw this.mismatch(id);', to: '' }],
    caughtBy: {
      file: 'test/store/packs.test.ts',
      test: 'with a flipped byte in what is not compressed says so of that object, and gives the others',
    },
  },
  {
    name: 'repack-hash-not-checked',
    fault: 'a merge of packs keeps a damaged copy and drops the sound one',
    file: 'store/local/objects/repack.ts',
    edits: [{ from: 'if (sha256(bytes) === entry.id) await', to: 'if (true) await' }],
    caughtBy: {
      file: 'test/store/packs.test.ts',
      test: 'lose no sound copy of an object to a damaged or unreadable one',
    },
  },
  {
    name: 's3-412-is-a-loss',
    fault: 'an append whose answer was lost is taken for a lost race, and committed twice',
    file: 'store/s3/client/s3-client.ts',
    edits: [
      {
        from: "return Buffer.compare(there, body) === 0 ? 'stored' : 'taken';",
        to: "return 'taken';",
      },
    ],
    caughtBy: { file: 'test/s3/client.test.ts', test: 'is in the ledger once' },
  },
  {
    name: 's3-lost-answer-is-a-failure',
    fault: 'an append whose answer was lost is reported as failed, and lands',
    file: 'store/s3/client/s3-client.ts',
    edits: [{ from: "if (!isTransient(e)) return 'unknown';", to: 'throw this.#requests.failure(e);' }],
    caughtBy: { file: 'test/s3/client.test.ts', test: 'is in the ledger once' },
  },
  {
    name: 's3-sent-without-a-look',
    fault: 'a file that changed since it was hashed is stored under the hash of what it was',
    file: 'store/s3/upload.ts',
    edits: [{ from: 'if (hash.digest() !== id) throw source.changed();', to: 'hash.digest();' }],
    caughtBy: { file: 'test/s3/held-source.test.ts', test: 'once it was hashed is refused' },
  },
  {
    name: 's3-not-condemned-at-the-head',
    fault: 'a collection condemns what was not in use before others committed',
    file: 'store/collector/collector.ts',
    edits: [
      {
        from: 'return head.unknown === undefined ? keysAt(head) : [];',
        to: 'return keysAt(known);',
      },
    ],
    caughtBy: S3_SIMULATION,
  },
  {
    name: 's3-pack-condemned-with-the-living',
    fault: 'what is in use in a pack is not copied before the pack is condemned',
    file: 'store/s3/s3-reclaimer.ts',
    edits: [
      {
        from: 'if (open.length > 0 && stay.length > 0) await this.#moveOut(pack, stay, await staging());',
        to: '',
      },
    ],
    caughtBy: S3_SIMULATION,
  },
  {
    name: 's3-epoch-not-raised',
    fault: 'a condemned key is used again',
    file: 'store/s3/ledger-state.ts',
    edits: [{ from: 'return this.#seen?.condemnations.at(-1) ?? 0;', to: 'return 0;' }],
    caughtBy: {
      file: 'test/s3/outcome.test.ts',
      test: 'what is put again once its key was condemned stays, whatever the collection then deletes',
    },
  },
  {
    name: 's3-erased-before-condemned',
    fault: 'objects are deleted that the ledger has not condemned',
    file: 'store/s3/s3-reclaimer.ts',
    edits: [
      {
        from: "if (await condemned.has(key)) keys[isLast(object.id) ? 'last' : 'first'].add(key);\n        else open.push(key);",
        to: 'keys.first.add(key);',
      },
    ],
    caughtBy: {
      file: 'test/s3/outcome.test.ts',
      test: 'what is put again once its key was condemned stays, whatever the collection then deletes',
    },
  },
  {
    name: 's3-record-of-trash-believed',
    fault: 'what a record of the trash has goes with its batch, though it was removed again since',
    file: 'store/collector/trash-unreachable.ts',
    edits: [
      {
        from: 'return last === undefined || last.purge || isMadeSince(name, last.at);',
        to: 'return true;',
      },
    ],
    caughtBy: { file: 'test/s3/trash-record.test.ts', test: 'ends no undo window early' },
  },
  {
    name: 'pack-closed-under-a-read',
    fault: 'a pack is closed while another call reads it',
    file: 'store/local/objects/pack.ts',
    edits: [{ from: 'await Promise.allSettled(this.#reads);', to: '' }],
    caughtBy: {
      file: 'test/store/packs.test.ts',
      test: 'give what is being read of one that is closed meanwhile',
    },
  },
  {
    name: 'pack-held-that-is-gone',
    fault: 'a pack that is found to be gone while it is opened stays open',
    file: 'store/local/objects/packs.ts',
    edits: [{ from: 'if (!this.#known.has(name)) {', to: 'if (name === undefined) {' }],
    caughtBy: {
      file: 'test/store/open-packs.test.ts',
      test: 'a pack that is found to be gone while it is opened is not held open',
    },
  },
  {
    name: 's3-assumed-believed',
    fault: 'a put is decided by what this machine knew before, and not by what others have appended',
    file: 'store/ledger/anchor.ts',
    edits: [{ from: 'return first === undefined || head === undefined ||', to: 'return true ||' }],
    caughtBy: {
      file: 'test/s3/assumed-head.test.ts',
      test: 'and what was decided before another call looked counts only at the head that it found',
    },
  },
  {
    name: 's3-seen-believed',
    fault: 'what this machine says it saw of the ledger is believed though the service has another head',
    file: 'store/s3/s3-ledger.ts',
    edits: [{ from: '&& sha256(bytes) === this.state.seen?.hash', to: '' }],
    caughtBy: {
      file: 'test/s3/doubted-mirror.test.ts',
      test: 'what this machine saw of the ledger is read again where the service has another head',
    },
  },
  {
    name: 's3-relies-on-condemned',
    fault: 'a commit names a key that was condemned since it was found',
    file: 'store/s3/s3-batch.ts',
    edits: [
      {
        from: 'if (relied !== undefined && !(await this.#parts.condemned.has(relied.key, relied.checked))) {',
        to: 'if (relied !== undefined) {',
      },
    ],
    caughtBy: {
      file: 'test/s3/outcome.test.ts',
      test: 'a commit does not rely on an object that another machine condemned after it was found',
    },
  },
  {
    name: 's3-sent-early-and-not-asked',
    fault: 'a commit names a pack that was condemned since it was sent',
    file: 'store/s3/s3-batch.ts',
    edits: [
      {
        from: 'if (sent !== undefined && !(await condemned.has(sent))) {',
        to: 'if (sent !== undefined) {',
      },
    ],
    caughtBy: {
      file: 'test/s3/pack-uploads.test.ts',
      test: 'one that was condemned since is sent again, under another key',
    },
  },
  {
    name: 'journal-name-not-durable',
    fault: 'an export changes its destination before the name of its journal is durable',
    file: 'store/local/leases.ts',
    edits: [
      {
        from: "if (!this.#named) await this.#disk.syncDir(this.#path.slice(0, this.#path.lastIndexOf('/')));",
        to: '',
      },
    ],
    caughtBy: EXPORT_KILLED,
  },
  {
    name: 'anchor-moves-back',
    fault: 'a late command moves the anchor back',
    file: 'store/ledger/anchor.ts',
    edits: [{ from: 'if (seen === undefined || seen.seq < seq) await', to: 'await' }],
    caughtBy: {
      file: 'test/store/anchor.test.ts',
      test: 'never moves backwards when an earlier commit is remembered last',
    },
  },
  {
    name: 'rollback-unseen-while-open',
    fault: 'a store that is open acts on a ledger that lost its end since',
    file: 'store/store.ts',
    edits: [{ from: 'await this.anchor.demandSeen(catalog.head);', to: '' }],
    caughtBy: {
      file: 'test/library.test.ts',
      test: 'acts on nothing of a ledger that lost its end while the store is open, and loses nothing when it is back',
    },
  },
  {
    name: 'unknown-is-acknowledged',
    fault: 'an entry whose directory could not be synced is acknowledged',
    file: 'store/local/ledger-files.ts',
    edits: [{ from: "throw new HsError('OUTCOME_UNKNOWN',", to: "void new HsError('OUTCOME_UNKNOWN'," }],
    caughtBy: {
      file: 'test/store/ledger.test.ts',
      test: 'says with the event to look for that an outcome is not known, when the directory cannot be synced',
    },
  },
  {
    name: 'collector-not-alone',
    fault: 'two collectors sweep at once',
    file: 'store/collector/collector.ts',
    edits: [
      {
        from: "const turn = await store.leases.exclusive('collector');",
        to: "const turn = (await store.leases.exclusive('collector')) ?? { release: async () => {} };",
      },
    ],
    caughtBy: { file: 'test/ops/gc/collect.test.ts', test: 'leaves the bytes to another running collector' },
  },
  {
    name: 'unknown-is-unreachable',
    fault: 'what cannot be read is taken for naming nothing',
    file: 'store/collector/collector.ts',
    edits: [{ from: 'if (found.unknown.length > 0) return', to: 'if (false) return' }],
    caughtBy: {
      file: 'test/ops/gc/collect.test.ts',
      test: 'of the index of a live directory allows removals, and skips the sweep',
    },
  },
  {
    name: 'stale-plan-applied',
    fault: 'a saved plan that was applied is applied again',
    file: 'core/retention/apply-plan.ts',
    edits: [{ from: 'if (target.appliedAt !== undefined) refuse(', to: 'if (false) refuse(' }],
    caughtBy: { file: 'test/core/retention/apply-plan.test.ts', test: 'a saved plan' },
  },
  {
    name: 'plan-exceeded',
    fault: 'a saved plan removes more than it showed',
    file: 'core/retention/apply-plan.ts',
    edits: [{ from: 'const goes = !fresh.prunes(row) || remove.has(row);', to: 'const goes = true;' }],
    caughtBy: {
      file: 'test/core/retention/apply-plan.test.ts',
      test: 'never takes more than it showed: what has expired since stays, as unlisted',
    },
  },
  {
    name: 'pin-ends-late',
    fault: 'a pin holds for a millisecond after its end',
    file: 'core/retention/rule.ts',
    edits: [{ from: 'if (of.pinsEnd > clock) return', to: 'if (of.pinsEnd >= clock) return' }],
    caughtBy: {
      file: 'test/core/retention/rules.test.ts',
      test: 'keeps what is pinned, whatever else is over, until the millisecond its last pin ends',
    },
  },
  {
    name: 'frozen-removed',
    fault: 'frozen artifacts go like others',
    file: 'core/retention/rule.ts',
    edits: [{ from: "return of.layer === 'L1' ?", to: 'return false ?' }],
    caughtBy: {
      file: 'test/core/retention/rules.test.ts',
      test: 'keeps L1 whatever its age and classification',
    },
  },
  {
    name: 'restored-without-bytes',
    fault: 'restore does not bring the objects back',
    file: 'ops/gc/restore.ts',
    edits: [
      {
        from: 'await batch.referenceAll(allOf(all));',
        to: '',
      },
    ],
    caughtBy: {
      file: 'test/ops/gc/undo.test.ts',
      test: 'restores a tree, byte for byte, with a pin for the trash window',
    },
  },
  {
    name: 'restore-asked-once',
    fault: 'restore does not look again at what an artifact is made of when another entry came first',
    file: 'ops/gc/restore.ts',
    edits: [
      {
        from: 'if (!areSame(now, records)) result',
        to: 'if (records === undefined) result',
      },
    ],
    caughtBy: {
      file: 'test/s3/restore-race.test.ts',
      test: 'on a service, an artifact whose new manifest is gone for good while it is restored is not restored',
    },
  },
  {
    name: 'refusal-not-recorded',
    fault: 'a refusal leaves no entry',
    file: 'ops/session/transaction.ts',
    edits: [{ from: 'throw await this.refuse(e, this.#authority);', to: 'throw e;' }],
    caughtBy: {
      file: 'test/ops/session/transaction.test.ts',
      test: 'records a refusal without the staged objects',
    },
  },
  {
    name: 'commits-after-signal',
    fault: 'a command that was told to stop commits',
    file: 'ops/session/transaction.ts',
    edits: [{ from: 'records ? undefined : this.#by.signal', to: 'undefined' }],
    caughtBy: {
      file: 'test/ops/session/transaction.test.ts',
      test: 'commits nothing after a signal, except what has already happened',
    },
  },
  {
    name: 'commits-what-was-aborted-on-its-way',
    fault: 'a call that was aborted while its objects were uploaded commits',
    file: 'store/ledger/commit.ts',
    edits: [{ from: '    signal?.throwIfAborted();\n    const { draft', to: '    const { draft' }],
    caughtBy: { file: 'test/s3/call-signal.test.ts', test: 'the signal of one call ends it' },
  },
  {
    name: 'budget-not-counted',
    fault: 'a job exports more than its budget',
    file: 'ops/export/leaving.ts',
    edits: [{ from: 'if (budget === undefined) return [];', to: 'return [];' }],
    caughtBy: {
      file: 'test/ops/export/export.test.ts',
      test: 'keeps to its budget of bytes, files and bytes a file; a person has none',
    },
  },
  {
    name: 'guard-forgets-bytes',
    fault: 'restricted bytes leave under another name',
    file: 'ops/guard/restricted-contents.ts',
    edits: [{ from: 'if (record.size_bytes > 0) this.#add(record.content_hash, record);', to: '' }],
    caughtBy: {
      file: 'test/ops/export/export.test.ts',
      test: 'recognizes restricted bytes in any artifact or directory, even after their removal',
    },
  },
  {
    name: 'guard-public-high',
    fault: 'high content goes to a public target',
    file: 'core/guard/guard.ts',
    edits: [
      {
        from: "else if (s.classification === 'high' && target === 'public') block('high-to-public');",
        to: '',
      },
    ],
    caughtBy: {
      file: 'test/core/guard.test.ts',
      test: 'allows nothing high to a public target, with or without consent, at any depth',
    },
  },
  {
    name: 'other-files-replaced',
    fault: '--force replaces a directory with files that no export wrote',
    file: 'ops/materialize/publish-tree.ts',
    edits: [{ from: 'if (rules.discardExisting || found.length === 0) return', to: 'if (true) return' }],
    caughtBy: {
      file: 'test/ops/materialize/materialize.test.ts',
      test: 'replaces a directory only when each file in it was exported there, or when told to discard',
    },
  },
  {
    name: 'import-payload-not-checked',
    fault: 'an imported directory is not what its manifest says',
    file: 'ops/bundle/check-bundle.ts',
    edits: [
      { from: 'if (sha256(encodeBundleIndex(index)) !== manifest.content_hash) {', to: 'if (false) {' },
      {
        from: 'if (file!.hash !== manifest.content_hash || file!.size !== manifest.size_bytes) {',
        to: 'if (false) {',
      },
    ],
    caughtBy: {
      file: 'test/ops/bundle/hostile.test.ts',
      test: 'is refused by import and verify, and leaves nothing',
    },
  },
  {
    name: 'import-lowers',
    fault: 'restricted bytes come back as something that may leave',
    file: 'ops/bundle/admit.ts',
    edits: [{ from: 'return lower || (incoming.exportable && !here.exportable);', to: 'return false;' }],
    caughtBy: {
      file: 'test/ops/bundle/hostile.test.ts',
      test: 'that brings known restricted bytes back as something that may leave is refused',
    },
  },
  {
    name: 'import-not-stricter',
    fault: 'an artifact does not become as strict as its incoming copy',
    file: 'ops/bundle/stricter-level.ts',
    edits: [
      {
        from: 'if (wanted.classification === here.classification && wanted.exportable === here.exportable) continue;',
        to: 'continue;',
      },
    ],
    caughtBy: {
      file: 'test/ops/bundle/hostile.test.ts',
      test: 'makes existing artifacts as strict as it says, on record, and never laxer',
    },
  },
  {
    name: 's3-mirror-believed',
    fault: 'a changed copy in the mirror decides what the next entry follows',
    file: 'store/s3/mirrored-entries.ts',
    edits: [{ from: 'if (sha256(bytes) !== seen.hash) bytes =', to: 'if (false) bytes =' }],
    caughtBy: {
      file: 'test/s3/mirror.test.ts',
      test: 'a mirror whose newest entry was changed does not decide what the next one follows',
    },
  },
  {
    name: 's3-listing-believed',
    fault: 'an entry that a listing leaves out is taken for lost',
    file: 'store/s3/s3-ledger.ts',
    edits: [{ from: 'if ((await this.#client.get(entryKey(n))) === undefined) {', to: 'if (true) {' }],
    caughtBy: {
      file: 'test/s3/segments.test.ts',
      test: 'an entry that a listing leaves out is there all the same',
    },
  },
  {
    name: 's3-tail-believed',
    fault: 'entries are taken from the tail although the service has others',
    file: 'store/s3/new-entries.ts',
    edits: [
      {
        from: 'const isProven = Buffer.compare(bytes.get(proof) ?? NOTHING, offered.at(-1) ?? NOTHING) === 0;',
        to: 'const isProven = offered.length > 0;',
      },
    ],
    caughtBy: { file: 'test/s3/segments.test.ts', test: 'is not believed' },
  },
  {
    name: 's3-segment-believed',
    fault: 'a segment that is not what the entries are is believed',
    file: 'store/s3/segments.ts',
    edits: [{ from: 'if (proof === undefined || sha256(proof) !== hash) return -1;', to: '' }],
    caughtBy: {
      file: 'test/s3/segments.test.ts',
      test: 'a segment that is not what the entries are is not believed',
    },
  },
  {
    name: 'push-without-guard',
    fault: 'a push lets go what its guard and capabilities hold back',
    file: 'ops/transfer/departure.ts',
    edits: [
      { from: '...removedObjection(content), ...leaving.objections];', to: '...removedObjection(content)];' },
    ],
    caughtBy: {
      file: 'test/ops/transfer/transfer.test.ts',
      test: 'the guard holds back what is high, not exportable or contains it, on record, and the rest goes',
    },
  },
  {
    name: 'run-directories-left',
    fault: 'a run leaves its directories',
    file: 'ops/run/run-directories.ts',
    edits: [
      {
        from: "if (kind !== 'directory' || (whose === 'own' && uid !== session.environment.uid)) return;",
        to: 'return;',
      },
    ],
    caughtBy: {
      file: 'test/ops/run/faults.test.ts',
      test: 'ends with an error of its kind, and leaves nothing that it does not name',
    },
  },
  {
    name: 'foreign-journal-believed',
    fault: 'a journal that another user wrote is carried out',
    file: 'store/local/journal-seal.ts',
    edits: [{ from: '} else if (seal?.next(line) === mac) {', to: '} else if (true) {' }],
    caughtBy: {
      file: 'test/store/leases.test.ts',
      test: 'say nothing that was not journaled with the secret of this user, for this store, into this very file',
    },
  },
  {
    name: 'fsck-believes-the-ledger',
    fault: 'fsck does not compare a manifest with what the ledger says of it',
    file: 'ops/fsck/expectations.ts',
    edits: [
      {
        from: 'return this.#value[number] === digestOfManifest(manifest, this.#facts2);',
        to: 'return manifest !== undefined;',
      },
    ],
    caughtBy: {
      file: 'test/ops/fsck.test.ts',
      test: 'says where ledger and manifest of one artifact among others disagree',
    },
  },
  {
    name: 'replaced-tree-brought-back',
    fault: 'an export ends before the removal of the tree that it replaced is durable',
    file: 'ops/materialize/settle-staging.ts',
    edits: [
      {
        from: 'await removeOwnedTree(parent, discard);\n  await parent.sync();',
        to: 'await removeOwnedTree(parent, discard);',
      },
    ],
    caughtBy: {
      file: 'test/ops/materialize/interrupted.test.ts',
      test: 'that ended leaves the new alone in a power cut',
    },
  },
  {
    name: 'json-nesting-unlimited',
    fault: 'JSON of any depth is parsed',
    file: 'core/json/bounds.ts',
    edits: [
      {
        from: 'if (open.push(0) > MAX_DEPTH) throw',
        to: 'if (open.push(0) > 1e9) throw',
      },
    ],
    caughtBy: { file: 'test/fuzz/fuzz.test.ts', test: 'takes time and memory that grow with the length' },
  },
  {
    name: 'other-spelling-taken',
    fault: 'a record in another spelling than the canonical one is taken',
    file: 'core/json/canonical.ts',
    edits: [
      {
        from: 'if (isPlainlySpelled(value, text) || spelledUntil(value, text, 0, false) === text.length) return value;',
        to: 'if (text) return value;',
      },
    ],
    caughtBy: FUZZ,
  },
  {
    name: 's3-size-believed',
    fault: 'the length that an answer states is taken for a number',
    file: 'store/s3/client/s3-client.ts',
    edits: [
      { from: 'return Number(size);', to: "return Number(answer.headers['content-length']);" },
      { from: 'if (!/^\\d{1,15}$/.test(size)) throw notS3(answer);', to: '' },
    ],
    caughtBy: FUZZ,
  },
  {
    name: 'fsck-believes-the-index',
    fault: 'fsck does not compare the keys of the index with its artifacts',
    file: 'core/catalog/compare-catalog.ts',
    edits: [{ from: 'if (!this.#keys.isEmpty)', to: 'if (false)' }],
    caughtBy: {
      file: 'test/ops/fsck.test.ts',
      test: 'is reported and made anew: ',
    },
  },
  {
    name: 'repair-hash-not-checked',
    fault: 'a repair takes what a copy has become for the object',
    file: 'ops/fsck/plan-repairs.ts',
    edits: [
      {
        from: 'if ((await batch.addSource(file)).id !== id) return false;',
        to: 'await batch.addSource(file);',
      },
    ],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'restores nothing of a copy whose bytes changed since it was found',
    },
  },
  {
    name: 'repair-brings-back-damage',
    fault: 'a damaged object in the trash is taken for one to bring back, and no copy is asked for',
    file: 'ops/fsck/check-artifacts.ts',
    edits: [
      { from: 'if (isTrashed && !(await this.#session.store.objects.isSound(id))) {', to: 'if (false) {' },
    ],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'does not bring back a damaged object from the trash, though a sample left it unread',
    },
  },
  {
    name: 'repair-takes-the-good',
    fault: 'a repair moves to the quarantine what was made good meanwhile',
    file: 'store/local/objects/set-aside.ts',
    edits: [{ from: 'return isSound !== false;', to: 'return false;' }],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'leaves an object where it is whose right bytes came meanwhile',
    },
  },
  {
    name: 'purge-forgets-the-quarantine',
    fault: 'a purge is called complete while the quarantine has the bytes',
    file: 'ops/gc/remove-artifacts.ts',
    edits: [
      {
        from: 'if (why === undefined && aside === undefined) return undefined;',
        to: 'if (why === undefined) return undefined;',
      },
    ],
    caughtBy: {
      file: 'test/ops/fsck/quarantine.test.ts',
      test: 'calls no purge complete while the quarantine may hold the bytes',
    },
  },
  {
    name: 'repair-deletes',
    fault: 'a repair deletes what is damaged',
    file: 'store/local/quarantine.ts',
    edits: [{ from: 'disk.rename(path, free)', to: 'disk.unlink(path)' }],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'moves what cannot be mended to the quarantine, and says what is lost',
    },
  },
  {
    name: 'repair-deletes-from-packs',
    fault: 'a repair leaves damaged bytes out of a pack, and keeps them nowhere',
    file: 'store/local/objects/set-aside.ts',
    edits: [{ from: 'await quarantine.add(id, bytes);', to: '' }],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'moves what cannot be mended to the quarantine, and says what is lost',
    },
  },
  {
    name: 'repair-leaves-the-pack',
    fault: 'the sound objects of a pack with a damaged index go with it',
    file: 'store/local/objects/set-aside.ts',
    edits: [{ from: 'await batch.addBytes(bytes);', to: '' }],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'takes the intact objects out of a pack whose index is damaged',
    },
  },
  {
    name: 'repair-from-anybody',
    fault: 'a repair takes bytes from a store that the actor may not repair',
    file: 'ops/fsck/repair-source.ts',
    edits: [
      {
        from: 'if (!(await other.isAllowed(await other.catalog(), authority.capability))) {',
        to: 'if (other === undefined) {',
      },
    ],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'takes nothing from a store that the actor may not repair',
    },
  },
  {
    name: 'repair-policy-of-a-stranger',
    fault: 'whoever has a copy of the policy may repair',
    file: 'ops/fsck/repair.ts',
    edits: [
      {
        from: 'if (!isAllowed(decodePolicy(policy), actor, authority.capability)) throw',
        to: 'if (decodePolicy(policy) === undefined) throw',
      },
    ],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'comes back from a copy if it lets the actor repair, and otherwise stops every repair',
    },
  },
  {
    name: 'fsck-believes-names',
    fault: 'fsck does not compare an object with its name',
    file: 'ops/fsck/check-objects.ts',
    edits: [{ from: 'if (first !== id) this.#report', to: 'if (first === undefined) this.#report' }],
    caughtBy: {
      file: 'test/ops/fsck/repair.test.ts',
      test: 'moves what cannot be mended to the quarantine, and says what is lost',
    },
  },
  {
    name: 'pack-block-expands-without-limit',
    fault: 'a block of a pack takes as much memory as its stream gives',
    file: 'core/objects/compressed-block.ts',
    edits: [{ from: 'maxOutputLength: size,', to: '' }],
    caughtBy: { file: 'test/store/compressed-packs.test.ts', test: 'gives a typed error, and is found' },
  },
  {
    name: 'pack-block-length-believed',
    fault: 'a block may say that it has any length',
    file: 'store/local/objects/block-reader.ts',
    edits: [
      {
        from: 'const isSound = block.stored <= block.size && block.size <= MOST_BLOCK_BYTES;',
        to: 'const isSound = true;',
      },
    ],
    caughtBy: { file: 'test/store/compressed-packs.test.ts', test: 'gives a typed error, and is found' },
  },
  {
    name: 'pack-blocks-not-checked',
    fault: 'the blocks of a pack need not fill it',
    file: 'core/objects/pack-index.ts',
    edits: [
      {
        from: 'if (this.blocks !== undefined && !(this.blocks.areSound && this.blocks.storedBytes === this.dataBytes)) {',
        to: 'if (this.blocks === null) {',
      },
    ],
    caughtBy: { file: 'test/core/pack-index.test.ts', test: 'with blocks ' },
  },
  {
    name: 'pack-index-hash-not-checked',
    fault: 'the index of a pack need not have its name',
    file: 'core/objects/pack-index.ts',
    edits: [
      {
        from: "if (sha256(this.#bytes) !== name) throw damaged('its index does not match its name');",
        to: '',
      },
    ],
    caughtBy: { file: 'test/core/pack-index.test.ts', test: 'under another name is damaged' },
  },
  {
    name: 'packs-index-believed',
    fault: 'an object that the index over packs leaves out is missing',
    file: 'store/local/objects/packs.ts',
    edits: [{ from: 'for (const name of looked) others.delete(name);', to: 'others.clear();' }],
    caughtBy: {
      file: 'test/store/packs-index.test.ts',
      test: 'is harmless and found by fsck with any byte changed, cut off, emptied or exchanged',
    },
  },
  {
    name: 'packs-index-not-proven',
    fault: 'a damaged file of the index over packs is taken into the next one',
    file: 'core/objects/packs-index-file.ts',
    edits: [
      {
        from: "sha256(bytes.subarray(0, end)) === bytes.toString('hex', end)",
        to: 'end > 0',
      },
    ],
    caughtBy: {
      file: 'test/core/packs-index-file.test.ts',
      test: 'is damaged with any bit changed, and any part missing',
    },
  },
  {
    name: 'packs-index-not-compared',
    fault: 'fsck does not compare the index over packs with the packs',
    file: 'store/local/check/check-packs-index.ts',
    edits: [
      {
        from: 'if (areEntriesOf(entries, pack.index.digests)) return true;',
        to: 'if (entries) return true;',
      },
    ],
    caughtBy: {
      file: 'test/store/packs-index.test.ts',
      test: 'is found wrong by fsck where it is whole and yet not what the packs have',
    },
  },
  {
    name: 's3-entry-believed-unproven',
    fault: 'fsck reads entries of a mirror that nothing proves',
    file: 'store/s3/mirrored-entries.ts',
    edits: [
      { from: 'isKnown ? await this.#entry(seq) : await this.#fetch(seq)', to: 'await this.#entry(seq)' },
      { from: 'if (sha256(bytes) !== seen.hash) bytes', to: 'if (isKnown === undefined) bytes' },
    ],
    caughtBy: {
      file: 'test/s3/derived-mirror.test.ts',
      test: 'fsck believes no entry of a mirror that nothing proves, the newest neither',
    },
  },
  {
    name: 's3-offline-mirror-proves-itself',
    fault: 'offline, entries are shown that nothing outside the mirror proves',
    file: 'store/s3/offline-ledger.ts',
    edits: [
      { from: "typeof anchor === 'object' ? anchor : followed", to: 'followed ?? (anchor as undefined)' },
    ],
    caughtBy: {
      file: 'test/s3/offline.test.ts',
      test: 'entries of the mirror behind what this user has seen, which nothing proves, are not shown',
    },
  },
  {
    name: 's3-offline-pack-dropped',
    fault: 'offline, a pack with one wrong byte is removed though it cannot be fetched again',
    file: 'store/s3/mirror.ts',
    edits: [
      {
        from: 'if (this.#offline) return;\n    await this.drop(this.layout.pack(name));',
        to: 'await this.drop(this.layout.pack(name));',
      },
      { from: 'if (this.#offline) return;\n    const found', to: 'const found' },
    ],
    caughtBy: {
      file: 'test/s3/offline.test.ts',
      test: 'a pack with a wrong byte gives an error, and stays: the rest of it may be sound',
    },
  },
  {
    name: 's3-damaged-index-known',
    fault: 'the index of a damaged pack is not read again when its bytes came',
    file: 'store/s3/fetcher.ts',
    edits: [{ from: 'await this.#mirror.dropPack(name);', to: '' }],
    caughtBy: {
      file: 'test/s3/derived-mirror.test.ts',
      test: 'a pack in a mirror whose index lacks an object is fetched again, and read',
    },
  },
];
