import { type PolicyTerm, policyCapabilities, policyFields } from '../../core/policy/policy-fields.js';

/** What the page of a group explains besides its commands. */
interface Topic {
  readonly title: string;
  readonly intro: string;
  readonly terms: readonly PolicyTerm[];
}

/** From the code alone, so that a page says no more and no less than what holds. */
export function groupTopics(group: string): readonly Topic[] {
  if (group !== 'policy') return [];
  return [
    {
      title: 'policy fields',
      intro:
        'Actors declare themselves, so a policy prevents accidents and leaves a trail; what confines a program is hs run. A policy is a JSON document with these fields, each with its unit and what a new store has. CLASS is a retention class, ACTOR a type of actor, N a place in the list.',
      terms: policyFields(),
    },
    {
      title: 'capabilities',
      intro:
        'Who holds one holds its qualified forms too, but artifact.read:restricted has to be granted by itself.',
      terms: policyCapabilities(),
    },
  ];
}
