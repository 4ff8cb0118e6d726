import { clearNamespaces, dropNamespace, untilDropped } from '../e2e/lib/namespaces.js';
import { makeTenant } from '../e2e/lib/tenant.js';
import type { ProofApplication } from './applications.js';

/**
 * Whether the suite shares its databases with others of the same run, and its place among them: to start a set takes minutes, and what one suite left
 * in it is told apart by its tokens. Unset: a namespace of its own.
 */
const share = process.env['SHARE'] as 'first' | 'next' | 'last' | undefined;

/** The namespace of a suite's databases; `own` when it shares them with nobody. */
export function databasesNamespace(own: string): string {
  return share === undefined ? own : 'databases';
}

/** Starts what does not run yet, one after the other, since each start takes both cores. What a killed run has left is removed before. */
export async function startDatabases(namespace: string, apps: readonly ProofApplication[]): Promise<void> {
  // Copies that a sharing suite restored are in namespaces of their own beside it.
  await clearNamespaces(share === undefined || share === 'first' ? namespace : `${namespace}-`);
  await makeTenant(namespace);
  for (const app of apps) await app.start(namespace);
}

/** Removes them, unless another suite needs them. */
export async function leaveDatabases(namespace: string): Promise<void> {
  if (share === undefined || share === 'last') await dropNamespace(namespace);
  await untilDropped();
}
