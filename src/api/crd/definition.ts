import type { z } from 'zod';
import { apiGroup, apiVersion } from '../common.js';
import { immutableExcept } from './immutable.js';
import { structuralSchema } from './structural.js';

/** A column of `kubectl get`; `priority: 1` shows it with `-o wide` only. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: 1;
}

/** What a CRD of ours says beyond its schemas. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly shortName: string;
  /** Default: Namespaced. */
  readonly scope?: 'Cluster';
  /** Shown by `kubectl explain`. */
  readonly description: string;
  readonly spec: z.ZodType;
  /** Absent for a kind that nothing reconciles. */
  readonly status?: z.ZodType;
  /** Fields of the spec that may change after creation; absent: all of them. */
  readonly mutable?: readonly string[];
  readonly columns: readonly PrinterColumn[];
}

/** The CustomResourceDefinition of a kind as a plain object. Throws as {@link structuralSchema} does. */
export function customResourceDefinition(definition: KindDefinition): Record<string, unknown> {
  const { kind, plural, shortName, scope = 'Namespaced', columns, status } = definition;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${apiGroup}`, labels: { 'app.kubernetes.io/name': 'stillpoint', 'app.kubernetes.io/part-of': 'stillpoint' } },
    spec: {
      group: apiGroup,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), shortNames: [shortName], categories: ['stillpoint'] },
      versions: [
        {
          name: apiVersion,
          served: true,
          storage: true,
          ...(status === undefined ? {} : { subresources: { status: {} } }),
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: rootSchema(definition) },
        },
      ],
    },
  };
}

function rootSchema({ kind, description, spec, status, mutable }: KindDefinition): Record<string, unknown> {
  const specSchema = structuralSchema(spec, 'spec', { defaults: true });
  const rules = (specSchema['x-kubernetes-validations'] ?? []) as unknown[];
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `Version of the schema of this object: ${apiGroup}/${apiVersion}.` },
      kind: { type: 'string', description: `Kind of this object: ${kind}.` },
      metadata: { type: 'object' },
      spec: {
        ...specSchema,
        description: 'What is wanted. Written by people and by GitOps.',
        'x-kubernetes-validations': [...rules, ...(mutable === undefined ? [] : immutableExcept(specSchema, mutable, kind))],
      },
      ...(status === undefined ? {} : { status: { ...structuralSchema(status, 'status', { defaults: false }), description: 'What is so. Written by the operator only.' } }),
    },
  };
}
