import { setTimeout } from 'node:timers/promises';
import type { LeaseTable } from '../port/lease-table.js';

/** A lease's file exists for a moment before it is locked, so an unlocked one is checked twice. */
const LOOK_AGAIN_MS = 100;
const LOOKS = 10;

export interface JudgedLeases {
  /** Leases of commands that died. */
  readonly dead: readonly string[];
  /** Leases of commands that are running or ended just now. */
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

/** Finds the leases that dead commands left, and those of running ones; changes nothing. */
export async function findDeadLeases(leases: LeaseTable): Promise<JudgedLeases> {
  const tokens = await leases.list();
  let dead = await deadAmong(leases, tokens);
  for (let look = 0; look < LOOKS && dead.length > 0; look++) {
    await setTimeout(LOOK_AGAIN_MS);
    dead = await deadAmong(leases, dead);
  }
  return { dead, alive: tokens.filter((token) => !dead.includes(token)) };
}
