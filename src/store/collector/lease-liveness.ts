import { setTimeout } from 'node:timers/promises';
import type { LeaseTable } from '../port/lease-table.js';

/** A lease is a file before it is locked, for as long as loading the lock takes: who looks then looks again. */
const LOOK_AGAIN_MS = 100;
const LOOKS = 10;

export interface LeaseLiveness {
  /** Of commands that died. */
  readonly dead: readonly string[];
  /** Of commands at work, or that ended just now. */
  readonly alive: readonly string[];
}

async function deadAmong(leases: LeaseTable, tokens: readonly string[]): Promise<string[]> {
  const dead: string[] = [];
  for (const token of tokens) {
    const judged = await leases.judge(token);
    await judged?.leave();
    if (judged !== undefined) dead.push(token);
  }
  return dead;
}

/** Tells the leases of commands at work from those that death has left; nothing is changed. */
export async function leaseLiveness(leases: LeaseTable): Promise<LeaseLiveness> {
  const tokens = await leases.list();
  let dead = await deadAmong(leases, tokens);
  for (let look = 0; look < LOOKS && dead.length > 0; look++) {
    await setTimeout(LOOK_AGAIN_MS);
    dead = await deadAmong(leases, dead);
  }
  return { dead, alive: tokens.filter((token) => !dead.includes(token)) };
}
