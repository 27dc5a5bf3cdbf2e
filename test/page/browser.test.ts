import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER, Browser, type Visit } from '../helpers/browser.js';
import { makeTempDirectory, type TempDirectory } from '../helpers/tmp.js';
import { HOSTILE, PAGES } from './samples.js';

/** What a page that is only read consists of. */
const ELEMENTS =
  'html,head,meta,title,style,body,main,h1,h2,h3,p,br,code,span,dl,div,dt,dd,table,thead,tbody,tr,th,td,figure,svg,path,rect,footer';

/** Everything that a page did or could do beyond being read. */
async function misdeeds(visit: Visit, title: string): Promise<string[]> {
  const found: string[] = await visit.evaluate(`(() => {
    const found = [];
    for (const e of document.querySelectorAll('*')) {
      if (!${JSON.stringify(ELEMENTS.split(','))}.includes(e.localName)) found.push('element ' + e.localName);
      for (const { name } of e.attributes)
        if (/^on|^(src|href|style|action|srcset|data)$/.test(name)) found.push('attribute ' + name);
    }
    if (document.title !== ${JSON.stringify(title)}) found.push('title ' + document.title);
    if (document.querySelectorAll('meta').length !== 5) found.push('meta');
    if (document.querySelectorAll('style').length !== 1) found.push('style');
    if (getComputedStyle(document.body).display !== 'block') found.push('hidden');
    return found;
  })()`);
  return [
    ...found,
    ...visit.complaints.map((c) => `complaint: ${c}`),
    ...visit.requests.map((r) => `request: ${r}`),
  ];
}

describe.skipIf(BROWSER === undefined)(
  'a page in a headless browser (needs chromium)',
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    let dir: TempDirectory;
    beforeAll(async () => {
      dir = await makeTempDirectory();
      browser = await Browser.start();
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      await dir?.remove();
    });

    const open = async (name: string, bytes: Uint8Array, width?: number) => {
      const file = join(dir.path, `${name}.html`);
      await writeFile(file, bytes);
      return browser.visit(file, width === undefined ? {} : { width });
    };
    const titleOf = (bytes: Buffer) => /<title>(.*)<\/title>/.exec(bytes.toString())![1]!;

    describe.each(PAGES)('of a %s', (name, make) => {
      it('makes no requests, logs no errors and runs no script, for any names', async () => {
        for (const hostile of [false, true]) {
          const bytes = make(hostile);
          expect(await misdeeds(await open(`${name}-${hostile}`, bytes), titleOf(bytes))).toEqual([]);
        }
      });

      it('shows hostile names as they are written', async () => {
        const visit = await open(name, make(true));
        const text = await visit.evaluate<string>('document.body.innerText');
        for (const shown of [HOSTILE[0], HOSTILE[4], HOSTILE[7], 'a\\u{202e}gnp.exe'])
          expect(text.replaceAll(/\s+/g, '')).toContain(shown.replaceAll(/\s+/g, ''));
      });

      it.each([
        [400, 'light'],
        [1200, 'light'],
        [1200, 'dark'],
      ] as const)('is no wider than a window of %i pixels, %s', async (width, scheme) => {
        for (const hostile of [false, true]) {
          const visit = await open(`${name}-${hostile}`, make(hostile), width);
          await visit.media('screen', scheme);
          expect(await visit.overflow()).toBe(0);
          const cut = `[...document.querySelectorAll('td, dd, h1, p')].filter((e) => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').length`;
          expect(await visit.evaluate(cut)).toBe(0);
        }
      });

      it('has its numbers to the right, and ink that can be read on either ground', async () => {
        const visit = await open(name, make(false));
        expect(
          await visit.evaluate(
            `[...document.querySelectorAll('td.n')].every((e) => getComputedStyle(e).textAlign === 'right')`,
          ),
        ).toBe(true);
        for (const scheme of ['light', 'dark'] as const) {
          await visit.media('screen', scheme);
          const grey = (property: string) =>
            visit.evaluate<number>(
              `getComputedStyle(document.body).${property}.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 3`,
            );
          const [ink, paper] = [await grey('color'), await grey('backgroundColor')];
          expect(Math.abs(ink - paper)).toBeGreaterThan(150);
          expect(scheme === 'light' ? paper > ink : ink > paper).toBe(true);
        }
      });

      it('prints on paper, black on white', async () => {
        const visit = await open(name, make(true), 794);
        await visit.media('print', 'dark');
        expect(await visit.overflow()).toBe(0);
        expect(await visit.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
          'rgb(255, 255, 255)',
        );
        const pdf = await visit.pdf();
        expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
        expect(pdf.length).toBeGreaterThan(10_000);
      });
    });

    it('is caught by the same checks where a name is not escaped, with and without its policy', async () => {
      const [, make] = PAGES[1];
      const bytes = make(true);
      const escaped = '&lt;img src=x onerror=&quot;document.title=&#39;owned&#39;&quot;&gt;';
      expect(bytes.toString()).toContain(escaped);
      const naive = bytes.toString().replaceAll(escaped, HOSTILE[0]);
      const held = await misdeeds(await open('naive', Buffer.from(naive)), titleOf(bytes));
      expect(held).toEqual(expect.arrayContaining(['element img', 'attribute onerror']));
      // The policy alone kept the name from doing anything.
      expect(held).not.toContain('title owned');
      const bare = naive.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '<meta name="x">');
      const visit = await open('bare', Buffer.from(bare));
      await expect.poll(() => visit.evaluate('document.title')).toBe('owned');
      expect((await misdeeds(visit, titleOf(bytes))).join()).toMatch(/title owned.*request: file:.*\/x/s);
    });

    it('is caught where it is too wide', async () => {
      const wide = PAGES[1][1](false)
        .toString()
        .replace('<h1>', '<h1 class="day">')
        .replace('Disk usage</h1>', `${'wide '.repeat(60)}</h1>`);
      expect(await (await open('wide', Buffer.from(wide), 400)).overflow()).toBeGreaterThan(0);
    });
  },
);
