import { runSandboxed, type SandboxResult, sandboxHost } from '../../sandbox/sandbox.js';
import type { Tally } from './run-budget.js';
import type { RunContext } from './run-context.js';
import type { ToolSignals } from './tool-signals.js';
import type { Transcript } from './transcript.js';

/**
 * Runs the tool. What it prints goes to the transcripts and to the caller; what goes to a transcript counts against the
 * budget, together with what is captured. `counted` counts the transcripts.
 */
export function sandboxTool(
  { session, request, policy, places, inputs: sources }: RunContext,
  control: ToolSignals,
  transcripts: readonly Transcript[],
  counted: () => Tally,
): Promise<SandboxResult> {
  const { disk, environment, store } = session;
  const { capture, inputs, scratch } = places;
  return runSandboxed(
    sandboxHost(disk, environment),
    {
      command: request.command,
      projectDir: store.local.workspace,
      cwd: request.cwd,
      captureDir: capture,
      ...(sources.length === 0 ? {} : { inputsDir: inputs }),
      scratchDir: scratch,
      storeDir: store.local.directory,
      network: request.network,
      env: request.env,
      stdin: request.stdin,
      signal: control.signal,
      graceMs: 1000,
      onStart: (tool) => control.started(tool),
      onEnd: (status) => {
        control.status = status;
      },
      onOutput: async (stream, chunk) => {
        const transcript = transcripts.find((t) => t.stream === stream);
        if (transcript !== undefined) {
          transcript.size += chunk.byteLength;
          const { over } = counted();
          if (over === undefined) await transcript.write(chunk);
          else control.overran(over);
        }
        await control.whileRunning(
          request.onOutput(stream, chunk).then((heard) => {
            if (!heard && transcript === undefined) control.outputClosed();
          }),
        );
      },
    },
    {
      least: policy.run.least_level,
      observed: request.strict,
      ...(request.backend === undefined ? {} : { backend: request.backend }),
    },
  );
}
