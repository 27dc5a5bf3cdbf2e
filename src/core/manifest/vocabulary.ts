/** The closed vocabularies shared by manifests, entries and policies (requirements: Terms, A4). */
export const KINDS = [
  'file',
  'tool_output',
  'transcript',
  'dataset_slice',
  'prompt_payload',
  'report',
  'bundle',
] as const;
export type Kind = (typeof KINDS)[number];

export const RETENTION_CLASSES = ['log', 'result', 'evidence', 'cache', 'checkpoint'] as const;
export type RetentionClass = (typeof RETENTION_CLASSES)[number];

/** L1 frozen, L2 approved, L3 ordinary work, L4 ephemeral. */
export const LAYERS = ['L1', 'L2', 'L3', 'L4'] as const;
export type Layer = (typeof LAYERS)[number];

/** From least to most sensitive. */
export const CLASSIFICATIONS = ['low', 'medium', 'high'] as const;
export type Classification = (typeof CLASSIFICATIONS)[number];

export const PAYLOAD_TYPES = ['file', 'directory'] as const;
export type PayloadType = (typeof PAYLOAD_TYPES)[number];

export const HASH_BASES = ['payload_bytes', 'bundle_index'] as const;
export const DETERMINISM_LEVELS = ['bitwise', 'structural', 'best_effort'] as const;
export type DeterminismLevel = (typeof DETERMINISM_LEVELS)[number];

export const ACTOR_TYPES = ['human', 'ai_job', 'plugin_tool'] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];

/** The default class of a kind (A7); cache and checkpoint must be chosen explicitly. */
export const DEFAULT_CLASS: Readonly<Record<Kind, RetentionClass>> = {
  report: 'log',
  transcript: 'log',
  file: 'result',
  tool_output: 'result',
  bundle: 'result',
  prompt_payload: 'evidence',
  dataset_slice: 'evidence',
};
