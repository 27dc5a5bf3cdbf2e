import { command } from '../../src/cli/command.js';
import { filterOptions, INSTEAD_OF_IDS } from '../../src/cli/filter-options.js';
import { choice, flag, integer } from '../../src/cli/options.js';
import { many } from '../../src/cli/positionals.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { MAX_TTL_DAYS } from '../../src/core/manifest/manifest.js';
import { RETENTION_CLASSES } from '../../src/core/manifest/vocabulary.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';
import { BATCH_RULES, MANIFEST_LINES, readLines, refuseBesides } from '../shared/manifest-lines.js';

/** `hs retain`: changes TTL or class by a new revision (D2, A8). */
export const retain = command({
  name: 'retain',
  class: 'porcelain',
  opens: 'write',
  summary: 'change how long artifacts are kept',
  description: `Changes the TTL, in days from creation, or the retention class of artifacts, by a new revision of each. The window of a class counts from when the artifact was registered in this store, and no revision changes that.

${INSTEAD_OF_IDS}

Artifacts classified high and prompt payloads must have a TTL. A frozen artifact (L1) has none and cannot be changed.

With \`--manifest-lines\`, each line names an artifact as \`id\`, and its \`ttl\` (null removes it), its \`class\` or both. ${BATCH_RULES}`,
  positionals: { ids: many('ID', { complete: 'artifact' }) },
  options: {
    ttl: integer('DAYS', 'time to live in days, from creation', { min: 0, max: MAX_TTL_DAYS }),
    ...filterOptions,
    noTtl: flag(undefined, 'remove the TTL, so that the class decides'),
    class: choice(RETENTION_CLASSES, 'CLASS', 'retention class'),
    manifestLines: MANIFEST_LINES,
  },
  resultSchema: 'hs.retain/1',
  list: 'results',
  examples: [
    { command: 'hs retain report --ttl 90', explains: 'Keep it for ninety days.' },
    {
      command: `echo '{"id":"report","ttl":90}' | hs retain --manifest-lines -`,
      explains: 'Change many at once, each in its own way.',
    },
    { command: 'hs retain --filter job=nightly-7 --ttl 7', explains: 'Keep what a job made for a week.' },
    { command: 'hs retain report --no-ttl --class checkpoint', explains: 'Let its class decide.' },
  ],
  seeAlso: ['hs-gc(1)', 'hs-pin(1)', 'hs-policy-show(1)', 'hs-retention(7)'],
  async run(context) {
    const { args, options, session } = context;
    if (options.manifestLines !== undefined) {
      refuseBesides('--manifest-lines', {
        ID: args.ids.length > 0,
        "'--filter'": options.filter.length > 0,
        "'--ttl'": options.ttl !== undefined,
        "'--no-ttl'": options.noTtl,
        "'--class'": options.class !== undefined,
      });
      const { retainLine } = await import('../../src/core/manifest/batch-schemas.js');
      const { retainLines } = await import('../../src/ops/govern/retain.js');
      const lines = await readLines(context, options.manifestLines, retainLine);
      return retainLines(
        await session(),
        lines.map(({ line, value: { id, ttl, class: retentionClass } }) =>
          compact({ line, id, ttl, retentionClass }),
        ),
      );
    }
    if (options.ttl !== undefined && options.noTtl) {
      throw new HsError('USAGE', "'--ttl' cannot be given together with '--no-ttl'");
    }
    if (options.ttl === undefined && !options.noTtl && options.class === undefined) {
      throw new HsError('USAGE', "nothing to change: give '--ttl', '--no-ttl' or '--class'");
    }
    const { retain: retainArtifacts } = await import('../../src/ops/govern/retain.js');
    const { selectArtifacts } = await import('../../src/ops/inspect/select-artifacts.js');
    const s = await session();
    return retainArtifacts(s, await selectArtifacts(s, args.ids, options.filter), {
      ttl: options.noTtl ? null : options.ttl,
      retentionClass: options.class,
    });
  },
  render: (changed, view) => (view.quiet ? undefined : `changed ${counted(changed.length, 'artifact')}`),
});
