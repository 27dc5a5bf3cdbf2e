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

/** Manual pages on a subject, by the word that `hs help` takes; a word may also be that of a group of commands. */
export const SUBJECTS: Readonly<Record<string, { readonly page: string; readonly summary: string }>> = {
  format: { page: 'hsstore-format(5)', summary: 'on-disk format of an hs artifact store' },
  ledger: { page: 'hs-ledger(7)', summary: 'the audit ledger of an hs store' },
  reliability: {
    page: 'hs-reliability(7)',
    summary: 'what a store promises, under which failures, and how that is tested',
  },
  retention: { page: 'hs-retention(7)', summary: 'retention rules of an hs store' },
  s3: { page: 'hs-s3(7)', summary: 'a store on an S3 service, shared by many machines' },
};
