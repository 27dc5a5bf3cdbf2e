import { command } from '../../src/cli/command.js';
import type { Context } from '../../src/cli/command-context.js';
import { text } from '../../src/cli/options.js';
import { one } from '../../src/cli/positionals.js';
import { readEvidence, readPublicKey } from '../../src/cli/read-evidence.js';
import type { View } from '../../src/cli/text/view.js';
import type { PublicKey } from '../../src/core/evidence/keys.js';
import { compact } from '../../src/core/json/omit-undefined.js';
import { counted } from '../../src/core/text/human.js';
import { HsError } from '../../src/errors/hs-error.js';

/** `hs proof verify`: verifies a proof about a ledger or an attestation of a run, without a store (I4). */
export const proofVerify = command({
  name: 'proof verify',
  class: 'plumbing',
  opens: 'none',
  verdict: true,
  summary: 'verify a proof about a ledger, or an attestation',
  description: `FILE is a proof from hs-ledger-prove(1), or an attestation from hs-export(1): an in-toto Statement v1 with SLSA provenance v1 in a DSSE envelope. KEY is the public key of the signer: as NAME+HASH+KEY, or a file that contains that, an OpenSSH public key, or a PEM public key.

For a proof, prints what it proves: that an entry is in the ledger of the checkpoint (--json shows the entry), or that a newer checkpoint continues an older one. For an attestation, prints which run made which files. With --subject, also checks that a file is one of the attested files, or that a directory contains exactly the attested files, apart from their manifest. An attestation is only as trustworthy as the holder of the key.`,
  positionals: { file: one('FILE', { complete: 'file' }) },
  options: {
    pubkey: text('KEY', "the signer's public key, or a file that contains it", { complete: 'file' }),
    subject: text('PATH', 'compare this file or directory with the attestation', { complete: 'file' }),
  },
  resultSchema: 'hs.proof-verify/1',
  examples: [
    {
      command: 'hs proof verify proof.json --pubkey key.pub',
      explains: 'Verify a proof that somebody sent.',
    },
    {
      command: 'hs proof verify built.intoto.json --pubkey key.pub --subject built',
      explains: 'Verify who attests to files, and how they were made.',
    },
  ],
  exits: { 5: 'the proof is invalid: a signature or a hash does not match' },
  seeAlso: ['hs-ledger-prove(1)', 'hs-ledger-sign(1)', 'hs-export(1)'],
  async run(context) {
    const { args, options } = context;
    if (options.pubkey === undefined)
      throw new HsError('USAGE', '--pubkey KEY is required: the key of the signer');
    const bytes = await readEvidence(context, args.file);
    const key = await readPublicKey(context, options.pubkey);
    if (isEnvelope(bytes)) return provenance(context, bytes, key, options.subject);
    if (options.subject !== undefined) {
      throw new HsError('USAGE', "'--subject' needs an attestation, and this is a proof about a ledger");
    }
    return ledger(bytes, key);
  },
  render: (proven, view) =>
    proven.proven === 'provenance' ? provenanceText(proven, view) : ledgerText(proven, view),
});

/** Only selects the check; each format is validated in full. */
function isEnvelope(bytes: Buffer): boolean {
  return bytes.includes('"payloadType"');
}

async function ledger(bytes: Buffer, key: PublicKey) {
  const { decodeProof, verifyProof } = await import('../../src/core/evidence/ledger-proof.js');
  const proof = decodeProof(bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes);
  const { checkpoint, older, entry } = verifyProof(proof, key);
  return {
    proven: proof.kind,
    store_id: checkpoint.storeId,
    entries: checkpoint.size,
    head: checkpoint.head,
    time: checkpoint.time,
    ...(older === undefined ? {} : { older_entries: older.size }),
    ...(entry === undefined ? {} : { entry: { ...entry } }),
  };
}

async function provenance(
  { disk, path }: Pick<Context, 'disk' | 'path'>,
  bytes: Buffer,
  key: PublicKey,
  subject: string | undefined,
) {
  const { verifyProvenance } = await import('../../src/core/evidence/provenance.js');
  const { matchSubjects } = await import('../../src/ops/evidence/match-subjects.js');
  const statement = verifyProvenance(bytes, key);
  const { buildDefinition, runDetails } = statement.predicate;
  const { invocationId, startedOn, finishedOn } = runDetails.metadata ?? {};
  return compact({
    proven: 'provenance' as const,
    subjects: statement.subject.map(({ name, digest }) => compact({ name, content_hash: digest.sha256 })),
    matched: subject === undefined ? undefined : await matchSubjects(await disk(), path(subject), statement),
    builder: runDetails.builder.id,
    build_type: buildDefinition.buildType,
    parameters: buildDefinition.externalParameters,
    invocation: invocationId,
    started_at: startedOn,
    ended_at: finishedOn,
  });
}

function ledgerText(
  { store_id, entries, time, older_entries, entry }: Awaited<ReturnType<typeof ledger>>,
  { text: shown }: View,
): string {
  const ledger = `the ledger of store ${store_id} with ${counted(entries, 'entry', 'entries')}, signed ${time}`;
  if (entry === undefined) return `proven: ${ledger}, continues that with ${older_entries}`;
  const who = `${entry.actor}:${entry.actor_id}`;
  return `proven: entry ${entry.seq} (${entry.type}, ${entry.at}, ${shown(who)}) is in ${ledger}`;
}

/** Number of subjects shown for a directory. */
const SHOWN = 10;

function provenanceText(p: Awaited<ReturnType<typeof provenance>>, { text: shown }: View): readonly string[] {
  const program = typeof p.parameters.program === 'string' ? ` by ${shown(p.parameters.program)}` : '';
  const more = p.subjects.length - SHOWN;
  return [
    `signed: ${counted(p.subjects.length, 'file')} made${program}, ${shown(p.builder)}, run ${shown(p.invocation ?? '-')}`,
    ...p.subjects.slice(0, SHOWN).map((s) => `${s.content_hash ?? '-'}  ${shown(s.name ?? '-')}`),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(p.matched === undefined ? [] : [`matched: ${counted(p.matched, 'file')}`]),
  ];
}
