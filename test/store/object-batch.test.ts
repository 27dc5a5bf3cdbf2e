import {
  chmod,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { ensureDir } from 'fs-extra/esm';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/objects/hash.js';
import { nodeDisk } from '../../src/fsx/node-disk.js';
import { BatchFiles } from '../../src/store/local/objects/batch-files.js';
import { ObjectFiles } from '../../src/store/local/objects/object-files.js';
import { ObjectStore } from '../../src/store/objects/object-store.js';
import type { ByteSource } from '../../src/store/port/object-batch.js';
import { alteredDisk } from '../helpers/altered-disk.js';
import { behind, testStore } from '../helpers/store.js';
import { tmp } from '../helpers/tmp.js';
import { interceptDisk } from '../sim/intercept-disk.js';

async function setting(disk = nodeDisk()) {
  const session = await testStore(await tmp());
  await session.close();
  const parts = behind(session);
  const { layout } = parts;
  const files = new ObjectFiles(disk, layout);
  const objects = new ObjectStore(files);
  const batch = (lease = 'b') => new BatchFiles({ ...parts, disk, files, objects }, lease);
  const store = async (text: string) => {
    const b = batch();
    const { id } = await b.addBytes(Buffer.from(text));
    await b.publish();
    return id;
  };
  const staged = () => readdir(layout.tmp);
  return { layout, objects, batch, store, staged };
}

const source = (bytes: Uint8Array): ByteSource => ({
  read: async (buffer, position) => {
    const part = bytes.subarray(position, position + Math.min(buffer.length, 1_000_000));
    buffer.set(part);
    return part.length;
  },
});

describe('an object batch', () => {
  it('does not look for bytes that hold an id just drawn, and keeps them readable should they be there', async () => {
    const bytes = Buffer.from('hello');
    const looked: string[] = [];
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (path.includes('/objects') || path.includes('/packs') || path.includes('/trash'))
        looked.push(operation);
    });
    const { batch, store, objects } = await setting(disk);
    const id = await store('hello');
    const [asked, unasked] = [batch(), batch()];
    looked.length = 0;
    await asked.addBytes(bytes);
    expect(looked).not.toEqual([]);
    looked.length = 0;
    await unasked.addBytes(bytes, { unique: true });
    expect(looked).toEqual([]);
    await unasked.publish();
    expect(Buffer.from(await objects.read(id, 5)).toString()).toBe('hello');
  });

  it('shows nothing under a name before it is published, and leaves nothing staged after', async () => {
    const { batch, objects, layout, staged } = await setting();
    const b = batch();
    const { id, size } = await b.addBytes(Buffer.from('hello'));
    expect([id, size]).toEqual([sha256(Buffer.from('hello')), 5]);
    expect([await objects.has(id), (await staged()).length]).toEqual([false, 1]);
    await b.publish();
    expect(await staged()).toEqual([]);
    expect((await stat(layout.object(id))).mode & 0o7777).toBe(0o444);
    expect(Buffer.from(await objects.read(id)).toString()).toBe('hello');
  });

  it('reads each directory once for a tree of new objects, and finds existing ones', async () => {
    const asked: string[] = [];
    const disk = interceptDisk(nodeDisk(), (operation, path) => {
      if (operation === 'find' && path.includes('/objects/')) asked.push(path);
    });
    const { batch, store, layout } = await setting(disk);
    const there = await store('there');
    asked.length = 0;
    const b = batch();
    for (let i = 0; i < 2000; i++) await b.addBytes(Buffer.from(`new ${i}`));
    await b.addBytes(Buffer.from('there'));
    expect(asked.length).toBeLessThan(64 + 256 + 10);
    expect(asked).toContain(layout.object(there));
    await b.discard();
  });

  it('asks for each object where directories are too long to be listed', async () => {
    const listed: string[] = [];
    const real = nodeDisk();
    let long = '';
    const disk = alteredDisk(real, {
      find: async (path) => {
        const stat = await real.find(path);
        return path === long && stat ? { ...stat, size: 1 << 20 } : stat;
      },
      readdir: async (path) => {
        listed.push(path);
        return real.readdir(path);
      },
    });
    const { batch, layout } = await setting(disk);
    long = layout.objectDir(sha256(Buffer.from('new 99')));
    const b = batch();
    for (let i = 0; i < 100; i++) await b.addBytes(Buffer.from(`new ${i}`));
    expect(listed.length).toBeGreaterThan(0);
    expect(listed).not.toContain(long);
    await b.discard();
  });

  it('copies a source of any size under the hash of its bytes', async () => {
    const { batch, objects, layout } = await setting();
    const bytes = Buffer.alloc(7_654_321, (Math.PI * 1e6).toString());
    const b = batch();
    let counted = 0;
    const { id, size } = await b.addSource(source(bytes), (n) => {
      counted += n;
    });
    await b.publish();
    expect([id, size, counted]).toEqual([sha256(bytes), bytes.length, bytes.length]);
    expect((await readFile(layout.object(id))).equals(bytes)).toBe(true);
    let streamed = 0;
    for await (const chunk of objects.stream(id)) streamed += chunk.length;
    expect(streamed).toBe(bytes.length);
  });

  it('stores the same bytes once, within a batch and over several', async () => {
    const { batch, store, layout, staged } = await setting();
    const id = await store('same');
    const { ino } = await stat(layout.object(id));
    const b = batch();
    await b.addBytes(Buffer.from('same'));
    await b.addSource(source(Buffer.from('same')));
    await b.addBytes(Buffer.from('other'));
    await b.addSource(source(Buffer.from('other')));
    expect((await staged()).length).toBe(1);
    await b.publish();
    expect((await stat(layout.object(id))).ino).toBe(ino);
  });

  it('makes the directory of every member durable, of one that was found there too', async () => {
    const synced: string[] = [];
    const { store, batch, layout } = await setting(
      interceptDisk(nodeDisk(), (operation, path) => {
        if (operation === 'syncDir' || operation === 'syncFilesystem') synced.push(path);
      }),
    );
    const id = await store('found');
    synced.length = 0;
    const b = batch();
    await b.addBytes(Buffer.from('found'));
    await b.publish();
    expect(synced).toEqual([layout.objectDir(id)]);
    await b.publish();
    expect(synced).toHaveLength(1);
    // After a lost race: what a collector moved meanwhile comes back, and has to be durable again.
    await mkdir(layout.trashBatch('x'));
    await rename(layout.object(id), layout.trashed('x', id));
    await b.publish();
    expect(synced).toEqual([layout.objectDir(id), layout.objectDir(id)]);
  });

  it('makes many files durable by one sync of the filesystem instead of one each', async () => {
    const calls: string[] = [];
    const { batch } = await setting(
      interceptDisk(nodeDisk(), (operation) => {
        if (/sync/i.test(operation)) calls.push(operation);
      }),
    );
    const b = batch();
    for (let i = 0; i < 300; i++) await b.addBytes(Buffer.from(`${i}`));
    await b.publish();
    expect(calls.filter((c) => c === 'syncFilesystem').length).toBeGreaterThan(0);
    expect(calls.length).toBeLessThan(10);
  });

  it('writes over a damaged object for which it has the bytes, and refuses to build on it without them', async () => {
    const { store, batch, layout } = await setting();
    const id = await store('whole');
    await chmod(layout.object(id), 0o600);
    await writeFile(layout.object(id), 'who');
    await expect(batch().reference(id, 5)).rejects.toMatchObject({ code: 'INTEGRITY' });
    for (const damage of ['who', 'WHOLE']) {
      for (const way of ['addBytes', 'addSource'] as const) {
        await chmod(layout.object(id), 0o600);
        await writeFile(layout.object(id), damage);
        const b = batch();
        if (way === 'addBytes') await b.addBytes(Buffer.from('whole'));
        else await b.addSource(source(Buffer.from('whole')));
        await b.publish();
        expect([way, damage, await readFile(layout.object(id), 'utf8')]).toEqual([way, damage, 'whole']);
      }
    }
  });

  it('refuses to reference missing objects, or objects lost before publishing', async () => {
    const { store, batch, layout } = await setting();
    await expect(batch().reference(sha256(Buffer.from('no')))).rejects.toMatchObject({
      code: 'OBJECT_MISSING',
    });
    const id = await store('there');
    const b = batch();
    await b.reference(id, 5);
    await unlink(layout.object(id));
    await expect(b.publish()).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
  });

  it('restores referenced objects from the trash, even if they are swept meanwhile', async () => {
    const { store, batch, layout, objects } = await setting();
    const id = await store('trash');
    const away = async () => {
      await ensureDir(`${layout.trash}/x`);
      await rename(layout.object(id), `${layout.trash}/x/${id}`);
    };
    await away();
    expect(await objects.has(id)).toBe(true);
    const b = batch();
    await b.addBytes(Buffer.from('trash'));
    await away();
    await b.publish();
    expect(await readFile(layout.object(id), 'utf8')).toBe('trash');
  });

  it('reads what it brings back from the trash once', async () => {
    const reads: string[] = [];
    const { store, batch, layout } = await setting(
      interceptDisk(nodeDisk(), (operation, path) => {
        if (operation === 'open:read' || operation === 'readFile') reads.push(path);
      }),
    );
    const id = await store('trash');
    await ensureDir(layout.trashBatch('x'));
    for (const way of ['addBytes', 'addSource'] as const) {
      await rename(layout.object(id), layout.trashed('x', id));
      reads.length = 0;
      const b = batch();
      if (way === 'addBytes') await b.addBytes(Buffer.from('trash'));
      else await b.addSource(source(Buffer.from('trash')));
      await b.publish();
      expect(reads.filter((path) => path.endsWith(id.slice(-32)))).toEqual([layout.trashed('x', id)]);
      expect(await readFile(layout.object(id), 'utf8')).toBe('trash');
    }
  });

  it('leaves nothing when it is discarded, or when a source fails', async () => {
    const { batch, staged } = await setting();
    const b = batch();
    await b.addBytes(Buffer.from('x'));
    await b.discard();
    const failing: ByteSource = {
      read: async (buffer, position) => {
        if (position > 0) throw new Error('the source failed');
        return buffer.length;
      },
    };
    await expect(b.addSource(failing)).rejects.toThrow('the source failed');
    expect(await staged()).toEqual([]);
  });
});

describe('objects', () => {
  it('are verified when read, whole or streamed', async () => {
    const { store, objects, layout } = await setting();
    const id = await store('12345');
    await chmod(layout.object(id), 0o600);
    for (const damage of ['12346', '1234', '']) {
      await writeFile(layout.object(id), damage);
      await expect(objects.read(id)).rejects.toMatchObject({ code: 'INTEGRITY' });
      const streamed = (async () => {
        for await (const _ of objects.stream(id));
      })();
      await expect(streamed).rejects.toMatchObject({ code: 'INTEGRITY' });
    }
  });

  it('are missing when nothing has their name, and damaged when it is no file', async () => {
    const { objects, layout } = await setting();
    const id = sha256(Buffer.from('x'));
    await expect(objects.read(id)).rejects.toMatchObject({ code: 'OBJECT_MISSING' });
    await writeFile(`${layout.root}/x`, 'x');
    await symlink(`${layout.root}/x`, layout.object(id));
    await expect(objects.read(id)).rejects.toMatchObject({ code: 'INTEGRITY' });
    expect(await objects.has(id)).toBe(false);
    await rm(layout.object(id));
    await mkdir(layout.object(id));
    await expect(objects.read(id)).rejects.toMatchObject({ code: 'INTEGRITY' });
  });

  it('larger than they can be are refused without reading them', async () => {
    const { store, objects } = await setting();
    const id = await store('12345');
    await expect(objects.read(id, 4)).rejects.toMatchObject({ code: 'INTEGRITY' });
  });
});
