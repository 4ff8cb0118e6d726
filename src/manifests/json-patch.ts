import type { PatchOperation } from '../api/rewrite.js';
import { canonicalJson } from './captured.js';
import { isRecord, type Json } from './json.js';

/** Why an operation does not apply, as the end of a sentence. Never has a value in it: that may be a Secret's. */
export class PatchError extends Error {}

/**
 * The document after one operation of JSON Patch (RFC 6902); the given one is not changed. Every path must be there, and
 * an index be one: nothing is made or left out in silence. Throws PatchError.
 */
export function applyOperation(document: unknown, operation: PatchOperation): unknown {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      return added(document, path, valueOf(operation));
    case 'remove':
      return edited(document, path, (parent, step) => without(parent, step, path));
    case 'replace':
      return replaced(document, path, valueOf(operation));
    case 'move':
      return moved(document, fromOf(operation), path);
    case 'copy':
      return added(document, path, readAt(document, fromOf(operation)));
    case 'test':
      if (canonicalJson(readAt(document, path)) !== canonicalJson(valueOf(operation))) throw new PatchError(`${named(path)} has another value`);
      return document;
  }
}

function valueOf(operation: PatchOperation): unknown {
  if (operation.value === undefined) throw new PatchError('value is missing');
  return operation.value;
}

function fromOf({ from }: PatchOperation): string {
  if (from === undefined) throw new PatchError('from is missing');
  return from;
}

function added(document: unknown, path: string, value: unknown): unknown {
  if (path === '') return value;
  return edited(document, path, (parent, step) => {
    if (!isList(parent)) return { ...parent, [step]: value };
    return parent.toSpliced(step === '-' ? parent.length : indexOf(step, parent.length + 1, path), 0, value);
  });
}

function replaced(document: unknown, path: string, value: unknown): unknown {
  if (path === '') return value;
  return edited(document, path, (parent, step) => {
    childOf(parent, step, path);
    return withChild(parent, step, value);
  });
}

function moved(document: unknown, from: string, path: string): unknown {
  const value = readAt(document, from);
  if (path === from) return document;
  if (path.startsWith(`${from}/`)) throw new PatchError(`${named(from)} cannot go into itself`);
  return added(applyOperation(document, { op: 'remove', path: from }), path, value);
}

function without(parent: Parent, step: string, path: string): Parent {
  childOf(parent, step, path);
  return isList(parent) ? parent.toSpliced(Number(step), 1) : Object.fromEntries(Object.entries(parent).filter(([key]) => key !== step));
}

function readAt(document: unknown, path: string): unknown {
  return stepsOf(path).reduce((value, step) => childOf(parentOf(value, path), step, path), document);
}

type Parent = unknown[] | Json;

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

/** A copy in which the list or object around the end of the path is replaced; what does not change is shared. */
function edited(document: unknown, path: string, edit: (parent: Parent, step: string) => Parent): unknown {
  const walk = (value: unknown, [step, ...rest]: readonly string[]): unknown => {
    if (step === undefined) throw new PatchError('the whole object cannot go');
    const parent = parentOf(value, path);
    return rest.length === 0 ? edit(parent, step) : withChild(parent, step, walk(childOf(parent, step, path), rest));
  };
  return walk(document, stepsOf(path));
}

function stepsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function parentOf(value: unknown, path: string): Parent {
  if (isList(value) || isRecord(value)) return value;
  throw missing(path);
}

function childOf(parent: Parent, step: string, path: string): unknown {
  if (isList(parent)) return parent[indexOf(step, parent.length, path)];
  if (!Object.hasOwn(parent, step)) throw missing(path);
  return parent[step];
}

function withChild(parent: Parent, step: string, value: unknown): Parent {
  return isList(parent) ? parent.with(Number(step), value) : { ...parent, [step]: value };
}

function indexOf(step: string, length: number, path: string): number {
  const index = /^(0|[1-9]\d*)$/.test(step) ? Number(step) : Infinity;
  if (index >= length) throw missing(path);
  return index;
}

function missing(path: string): PatchError {
  return new PatchError(`there is no ${path}`);
}

function named(path: string): string {
  return path === '' ? 'the whole object' : path;
}
