import { HsError } from '../../../src/errors/hs-error.js';
import { openPreview } from '../../../src/ui/open-preview.js';
import { outcomeText } from '../../../src/ui/views/pages.js';
import { SampleModel } from './model.js';
import { hostilePlan, largePlan, NOW, smallPlan } from './sample.js';

/** Opens the preview on a sample, as `hs gc` does on a store: `main.js [small|hostile|COUNT] [PAUSE_MS] [PLANNING_MS]`. */
const [which = 'small', pause = '0', planning = '0'] = process.argv.slice(2);
const plan = which === 'small' ? smallPlan() : which === 'hostile' ? hostilePlan() : largePlan(Number(which));
const model = new SampleModel(plan, Number(pause), Number(planning));

const ending = new AbortController();
for (const [signal, code] of [
  ['SIGINT', 'INTERRUPTED'],
  ['SIGTERM', 'TERMINATED'],
] as const) {
  process.on(signal, () => ending.abort(new HsError(code, `ended by ${signal}`)));
}
process.on('SIGUSR2', () => process.exit(3));

const terminal = {
  stdin: process.stdin,
  stdout: process.stdout,
  colour: process.env.NO_COLOR === undefined,
  unicode: /utf-?8/i.test(process.env.LANG ?? ''),
  signal: ending.signal,
};
try {
  const outcome = await openPreview(model, terminal, NOW);
  console.log(outcome === undefined ? 'left: nothing was removed' : outcomeText(outcome).join('\n'));
} catch (e) {
  const error = e as HsError;
  console.log(`ended: ${error.code}: ${error.message}`);
  process.exit(error.exitStatus ?? 70);
}
