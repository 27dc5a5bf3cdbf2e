import type { Context } from '../cli/context.js';
import type { Session } from '../ops/session.js';
import { openPreview } from './open-preview.js';
import { SessionModel } from './session-model.js';
import { outcomeText } from './views/pages.js';

/** `hs gc` on a terminal (G3): the preview, and what was done when it closes. */
export async function previewCollection(
  context: Pick<Context, 'host' | 'terminal' | 'signal' | 'out' | 'log' | 'now'>,
  session: Session,
  quotaBytes: number | undefined,
): Promise<void> {
  const { host, terminal, signal, out, log } = context;
  const model = await SessionModel.open(session, quotaBytes);
  const outcome = await openPreview(
    model,
    { stdin: host.stdin, stdout: host.stdout, colour: terminal.colour, unicode: terminal.unicode, signal },
    context.now(),
  );
  if (outcome === undefined) log.note('nothing was removed');
  else await out.text(outcomeText(outcome).join('\n'));
}
