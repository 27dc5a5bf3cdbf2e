import type { Http, HttpRequest } from '../../src/fsx/http.js';
import type { FakeS3 } from './fake-s3.js';

/** A request without names: `PUT p`, `LIST ledger`, `GET ledger/0`. */
function short({ method, target }: HttpRequest): string {
  const url = new URL(target, 'http://fake');
  const listed = url.searchParams.get('prefix');
  const key = (listed ?? url.pathname.split('/').slice(2).join('/')).replace('some/prefix/', '');
  const [, start, seq] = /^([a-z.-]+)(?:\/0*(\d+)\.json)?/.exec(key) ?? [];
  return `${listed === null ? method : 'LIST'} ${start}${seq === undefined ? '' : `/${seq}`}`;
}

/**
 * The fake in round trips: no request of a round is answered before all of them are there. Requests that are sent one
 * after the other wait forever, on however slow a machine; `stray` are those that no round has.
 */
export function inRounds(fake: FakeS3, rounds: readonly (readonly string[])[]) {
  const queue = rounds.map((round) => [...round]);
  const stray: string[] = [];
  let release: (() => void)[] = [];
  const http: Http = {
    send: async (request) => {
      const what = short(request);
      const at = queue[0]?.indexOf(what) ?? -1;
      if (at < 0) stray.push(what);
      else {
        queue[0]!.splice(at, 1);
        await new Promise<void>((resolve) => {
          release.push(resolve);
          if (queue[0]!.length > 0) return;
          queue.shift();
          const all = release;
          release = [];
          for (const go of all) go();
        });
      }
      return fake.send(request);
    },
    close: () => undefined,
  };
  return { http: () => http, stray, left: queue };
}
