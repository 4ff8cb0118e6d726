import { dump } from 'js-yaml';
import { apiGroup } from '../common.js';
import { customResourceDefinition, type KindDefinition } from './definition.js';

const header = '# Made by npm run generate from src/api. Do not edit.\n';

/** Name of the file of a kind, as controller tools name it: group, underscore, plural. */
export function crdFileName({ plural }: KindDefinition): string {
  return `${apiGroup}_${plural}.yaml`;
}

/** The CRD as YAML with sorted keys: the same definition gives the same bytes. */
export function crdYaml(definition: KindDefinition): string {
  return header + yaml(customResourceDefinition(definition));
}

/**
 * The CRD as a template of the chart: Helm never upgrades what lies in a chart's crds folder, so they are templated, and
 * kept on uninstall unless the values say otherwise. Throws an Error if the CRD itself holds something that Helm would expand.
 */
export function chartTemplate(definition: KindDefinition): string {
  const crd = customResourceDefinition(definition);
  const body = yaml(crd);
  if (body.includes('{{')) throw new Error(`${definition.kind}: the CRD holds "{{", which Helm would expand`);
  const annotated = body.replace(/^metadata:\n/m, 'metadata:\n  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n');
  return `${header}{{- if .Values.crds.enabled }}\n${annotated}{{- end }}\n`;
}

function yaml(value: unknown): string {
  return dump(value, { sortKeys: true, noRefs: true, lineWidth: 120 });
}
