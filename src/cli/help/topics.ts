import { type PolicyTerm, policyCapabilities, policyFields } from '../../core/policy/policy-fields.js';

/** The text of a group's page besides its commands. */
interface Topic {
  readonly title: string;
  readonly intro: string;
  readonly terms: readonly PolicyTerm[];
}

/** Generated from the code, so that the page is complete and correct. */
export function groupTopics(group: string): readonly Topic[] {
  if (group !== 'policy') return [];
  return [
    {
      title: 'policy fields',
      intro:
        'Actors declare themselves, so a policy prevents accidents and leaves a trail; only hs run confines a program. A policy is a JSON document with these fields. Each is listed with its unit and its value in a new store. CLASS is a retention class, ACTOR a type of actor, N a position in the list.',
      terms: policyFields(),
    },
    {
      title: 'capabilities',
      intro:
        'An actor that has a capability has its qualified forms too, except artifact.read:restricted, which must be granted by itself.',
      terms: policyCapabilities(),
    },
  ];
}
