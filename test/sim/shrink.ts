import type { Scenario } from './scenario.js';
import { type Simulated, simulate } from './simulation.js';

/** Every scenario with one thing less: an actor, a job, a call, a fault, a circumstance. */
function* smaller(scenario: Scenario): Generator<Scenario> {
  const { actors, faults } = scenario;
  const without = <T>(all: readonly T[], one: T) => all.filter((other) => other !== one);
  for (const actor of actors) yield { ...scenario, actors: without(actors, actor) };
  for (const fault of faults) yield { ...scenario, faults: without(faults, fault) };
  for (const actor of actors) {
    const withJobs = (jobs: typeof actor.jobs): Scenario => ({
      ...scenario,
      actors: actors.map((other) => (other === actor ? { ...actor, jobs } : other)),
    });
    for (const job of actor.jobs) {
      if (actor.jobs.length > 1) yield withJobs(without(actor.jobs, job));
      if (job.calls.length === 1) continue;
      for (const call of job.calls)
        yield withJobs(actor.jobs.map((j) => (j === job ? { ...job, calls: without(job.calls, call) } : j)));
    }
  }
  for (const circumstance of ['cut', 'packs', 'index'] as const)
    if (scenario[circumstance]) yield { ...scenario, [circumstance]: false };
}

/** Of a run that broke a promise, one of as little as still does. */
export async function shrink(failed: Simulated): Promise<Simulated> {
  for (const less of smaller(failed.scenario)) {
    const run = await simulate(less);
    if (run.violations.length > 0) return shrink(run);
  }
  return failed;
}
