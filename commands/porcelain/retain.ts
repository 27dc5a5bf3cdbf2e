import { command } from '../../src/cli/command.js';
import { choice, flag, integer } from '../../src/cli/options.js';
import { some } from '../../src/cli/positionals.js';
import { counted } from '../../src/cli/text/human.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs retain`: changes TTL or class by a new revision (D2, A8). */
export const retain = command({
  name: 'retain',
  class: 'porcelain',
  opens: 'write',
  summary: 'change how long artifacts are kept',
  description: `Changes the TTL, in days from creation, or the retention class of artifacts, by a new revision of each. The window of a class counts from when the artifact was registered in this store, and no revision changes that.

Artifacts classified high and prompt payloads must have a TTL. A frozen artifact (L1) has none and cannot be changed.`,
  positionals: { ids: some('ID', { complete: 'artifact' }) },
  options: {
    ttl: integer('DAYS', 'time to live in days, from creation', { min: 0, max: MAX_TTL_DAYS }),
    noTtl: flag(undefined, 'remove the TTL, so that the class decides'),
    class: choice(RETENTION_CLASSES, 'CLASS', 'retention class'),
  },
  resultSchema: 'hs.retain/1',
  list: 'results',
  examples: [
    { command: 'hs retain report --ttl 90', explains: 'Keep it for ninety days.' },
    { command: 'hs retain report --no-ttl --class checkpoint', explains: 'Let its class decide.' },
  ],
  seeAlso: ['hs-gc(1)', 'hs-pin(1)', 'hs-policy-show(1)', 'hs-retention(7)'],
  async run({ args, options, session }) {
    if (options.ttl !== undefined && options.noTtl) {
      throw new HsError('USAGE', "'--ttl' cannot be given together with '--no-ttl'");
    }
    if (options.ttl === undefined && !options.noTtl && options.class === undefined) {
      throw new HsError('USAGE', "nothing to change: give '--ttl', '--no-ttl' or '--class'");
    }
    const { retain: retainArtifacts } = await import('../../src/ops/govern/retain.js');
    return retainArtifacts(await session(), args.ids, {
      ttl: options.noTtl ? null : options.ttl,
      retentionClass: options.class,
    });
  },
  render: (changed, view) => (view.quiet ? undefined : `changed ${counted(changed.length, 'artifact')}`),
});
